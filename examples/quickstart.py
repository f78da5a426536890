"""Run a command as a task, stream its output and look at how it ended."""

from flowkit import Flow

with Flow() as flow:
    task = flow.run("for step in 1 2 3; do echo step $step; done; exit 3", gpu="a100:2")
    for line in task.logs(follow=True):
        print(line)
    task.wait()
    print(task.id, task.status, task.exit_code)
