"""Submit many tasks in one call and await them all."""

from __future__ import annotations

import asyncio

from flowkit import AsyncFlow, TaskConfig

LEARNING_RATES = (0.1, 0.03, 0.01, 0.003)


async def main() -> None:
    configs = [
        TaskConfig(
            name=f"rate-{rate}",
            command=["bash", "-c", 'echo "training with $RATE"'],
            env={"RATE": str(rate)},
            labels={"sweep": "learning-rate"},
        )
        for rate in LEARNING_RATES
    ]
    async with AsyncFlow() as flow:
        tasks = await flow.submit_many(configs)
        finished = await asyncio.gather(*(flow.wait_for(task) for task in tasks))
        for task in finished:
            print(task.name, task.status, (await flow.logs(task.id)).strip())


if __name__ == "__main__":
    asyncio.run(main())
