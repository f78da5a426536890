"""The Slurm engine: tasks are jobs of a cluster, each under flowkit's supervisor on its node.

Slurm places, queues and starts them. What became of an attempt is decided by the files that its
supervisor leaves in its directory; Slurm is asked for the rest, all jobs in one question. Of two
jobs of one attempt its claim lets only one run, so that to submit again what may have been
submitted is safe.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
import time
from collections.abc import Coroutine, Mapping, Sequence
from pathlib import Path

from flowkit_gateway.engines.engine import (
    Capabilities,
    Capacity,
    Launch,
    Node,
    Observation,
    Report,
    State,
)
from flowkit_gateway.engines.local.outcome import Outcome
from flowkit_gateway.engines.removal import remove_tree
from flowkit_gateway.engines.slurm import installation, jobs, nodes, submission, verdict
from flowkit_gateway.engines.slurm.arrays import Directories, Element, Gatherer
from flowkit_gateway.engines.slurm.attempt import Attempt, newest
from flowkit_gateway.engines.slurm.cancels import Cancels
from flowkit_gateway.engines.slurm.commands import (
    SlurmError,
    SlurmUnreachable,
    call,
    option_list,
)
from flowkit_gateway.engines.slurm.jobs import HOPELESS, Job, Key, Name
from flowkit_gateway.engines.slurm.options import Options
from flowkit_gateway.engines.slurm.pace import Pace
from flowkit_gateway.engines.slurm.submission import Request
from flowkit_gateway.engines.slurm.verdict import Verdict

_log = logging.getLogger(__name__)

_ARRAYS = "arrays"
_MOST_CALLS = 4
"""Commands that run at a time: each takes a moment of one CPU, and of slurmctld."""
_KILL_AFTER = 40.0
"""Seconds after which Slurm itself is to end what was cancelled."""
_WATCH_EVERY = 0.1
_WATCHED_AT_ONCE = 100
"""Attempts from which on they are looked at less often, as each look costs the file system."""
_OUTCOME_WITHIN = 3.0
"""Seconds that a file system may take to show what a node wrote before its job ended, and Slurm to
say how it ended."""
_SURE_OUTCOME_WITHIN = 30.0
"""The same for a job that Slurm found in order: it has surely written its outcome."""
_FORGOTTEN_OUTCOME_WITHIN = 60.0
"""The same for a job that Slurm does not know: it may run on, where slurmctld was killed before it
had written it down."""

# What slurmctld says when no machine of the cluster can ever do it (slurm_errno.c).
_TOO_MUCH = re.compile(
    "node configuration is not available|[Nn]ode count specification invalid|More processors"
    "|[Mm]emory specification can not be satisfied|Requested time limit is invalid"
)


class SlurmEngine:
    """Runs attempts as jobs of Slurm; implements `engine.Engine`.

    Args:
        data_dir: a directory that the cluster's nodes share; attempts have theirs in `tasks`.
        options: how to use the cluster.
        machines: the cluster's machines.
        task_umask: umask of the commands; -1 for that of this process.
    """

    name = "slurm"

    def __init__(
        self,
        data_dir: Path,
        options: Options,
        machines: tuple[Node, ...],
        *,
        task_umask: int = -1,
    ) -> None:
        self._data_dir = data_dir
        self._task_umask = task_umask
        self._options = options
        self._capacity = nodes.capacity_of(machines)
        self._attempts: dict[Key, Attempt] = {}
        self._pace = Pace(options.poll)
        self._slots = asyncio.Semaphore(_MOST_CALLS)
        self._work: set[asyncio.Task[None]] = set()
        self._program = Path()
        self._gatherer = Gatherer(self._submit_array, options.max_array)
        self._arrays = Directories(data_dir / "slurm" / _ARRAYS)
        self._elements: Mapping[Key, Element] = {}
        self._arrays_are_due = True
        """There may be arrays of which nothing is left."""
        self._cancels = Cancels(self._call, self._wait_for_contact)
        self._to_watch = asyncio.Event()
        self._report: Report | None = None
        self._reachable = asyncio.Event()
        self._reachable.set()
        self._listed: Mapping[Name, Sequence[Job]] = {}

    def capabilities(self) -> Capabilities:
        """Say what the engine can do."""
        return Capabilities(
            max_num_instances=max(1, len(self._capacity.nodes)),
            in_place=True,
            fractional_gpus=False,
            most_queued=self._options.max_jobs,
            arrays=True,
            # A node that cannot says so when the task starts.
            mounts="namespace",
        )

    def capacity(self) -> Capacity:
        """Say what the cluster has."""
        return self._capacity

    async def open(self, report: Report) -> None:
        """Begin to report observations."""
        self._report = report
        self._program = await asyncio.to_thread(installation.install, self._data_dir / "slurm")
        self._elements = self._arrays.elements()
        self._in_background(self._follow())
        self._in_background(self._watch())

    async def start(self, launch: Launch) -> None:
        """Hand an attempt to Slurm, at once or as soon as it answers again.

        Raises:
            StartError: the attempt was not started and never will be.
        """
        submission.write_job(launch, self._task_umask)
        attempt = Attempt((launch.task_id, launch.attempt), launch.run_dir)
        self._follow_too(attempt)
        attempt.submitting = True
        if launch.array is not None:
            self._gatherer.add(launch, launch.array)
        else:
            request = submission.single(launch, attempt.name, self._options, self._program)
            self._in_background(self._submit([attempt], request))

    async def attach(self, task_id: str, attempt: int, run_dir: Path) -> None:
        """Take up an attempt of an earlier gateway: report what became of it, now or in time."""
        taken = Attempt((task_id, attempt), run_dir)
        self._follow_too(taken)
        if (element := self._elements.get(taken.key)) is not None:
            taken.join(element.array_id, element.name, self._arrays.log(element.name))
            self._gatherer.began(element.array_id)
        if not taken.may_be_submitted:
            # A gateway that was only stopped may go on to submit it: its nodes find it taken.
            await asyncio.to_thread(os.makedirs, run_dir, mode=0o700, exist_ok=True)
            taken.give_up()
            self._end(taken, Verdict(State.NEVER_STARTED))
            return
        if taken.claimed:
            self._tell_running(taken)
        self._end_by_outcome(taken)
        self._pace.hurry()

    async def cancel(self, task_id: str, attempt: int, *, force: bool) -> None:
        """Ask an attempt to end; `force` kills it at once. ENDED is reported when it did."""
        found = self._attempts.get((task_id, attempt))
        if found is None:
            return
        found.note_cancel(force=force)
        self._act_on_cancel(found)

    async def discard(self, task_id: str) -> None:
        """Remove what is kept of a finished task (its run directories)."""
        await asyncio.to_thread(remove_tree, self._data_dir / "tasks" / task_id)

    async def close(self) -> None:
        """Stop observing. Attempts live on."""
        self._report = None
        self._gatherer.close()
        self._attempts.clear()
        for task in self._work:
            task.cancel()
        if self._work:
            await asyncio.wait(self._work)

    def _follow_too(self, attempt: Attempt) -> None:
        self._attempts[attempt.key] = attempt
        self._to_watch.set()

    def _in_background(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._work.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._work.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("the Slurm engine failed", exc_info=error)

    async def _call(self, *command: str, script: str | None = None) -> str:
        async with self._slots:
            return await call(*command, script=script)

    def _submit_array(self, launches: Sequence[Launch]) -> None:
        """Hand attempts to Slurm as one array, those that nobody has given up meanwhile."""
        array_id = launches[0].array.id if launches[0].array is not None else ""
        needs: dict[tuple[str, ...], list[Launch]] = {}
        for launch in launches:
            if (launch.task_id, launch.attempt) in self._attempts:
                asked = option_list(submission.resources(launch, self._options))
                needs.setdefault(tuple(asked), []).append(launch)
            else:
                self._gatherer.ended(array_id)
        for alike in needs.values():
            self._submit_alike(array_id, alike)

    def _submit_alike(self, array_id: str, launches: Sequence[Launch]) -> None:
        attempts = [self._attempts[launch.task_id, launch.attempt] for launch in launches]
        try:
            made = self._arrays.create(array_id, launches)
        except OSError as error:
            for attempt in attempts:
                attempt.array_id = array_id
                why = f"cannot write {error.filename}: {error.strerror}"
                self._end(attempt, Verdict(State.ENDED, "start_failed", why))
            return
        for index, attempt in enumerate(attempts):
            name = Name(made, index)
            attempt.join(array_id, name, self._arrays.log(name))
        request = submission.array(
            launches, Name(made), self._options, self._program, self._arrays.path(made)
        )
        self._in_background(self._submit(attempts, request))

    async def _submit(self, attempts: Sequence[Attempt], request: Request) -> None:
        """Submit attempts until Slurm has answered, unless all are over before."""
        while any(attempt.key in self._attempts for attempt in attempts):
            try:
                answer = await self._call("sbatch", *request.arguments, script=request.script)
            except SlurmUnreachable as error:
                await self._wait_for_contact(error)
                if all(attempt.name not in self._listed for attempt in attempts):
                    continue
                # It had taken the job, and did not live to say so.
            except SlurmError as error:
                for attempt in attempts:
                    self._refused(attempt, str(error))
                return
            else:
                # With several clusters their name follows.
                job = answer.strip().partition(";")[0]
                for attempt in attempts:
                    index = attempt.name.element
                    attempt.jobs.add(job if index is None else f"{job}_{index}")
            for attempt in attempts:
                self._submitted(attempt)
            self._pace.hurry()
            return

    def _submitted(self, attempt: Attempt) -> None:
        attempt.submitting = False
        attempt.known_since = time.monotonic()
        if attempt.key not in self._attempts:
            self._cancel_jobs(attempt)
        elif attempt.force is not None:
            self._act_on_cancel(attempt)

    def _refused(self, attempt: Attempt, why: str) -> None:
        attempt.submitting = False
        if attempt.give_up():
            reason = "no_capacity" if _TOO_MUCH.search(why) else "start_failed"
            self._end(attempt, Verdict(State.ENDED, reason, f"Slurm refused it: {why}"))

    async def _follow(self) -> None:
        """Ask Slurm for all jobs, over and over, and report what has changed."""
        while True:
            await self._pace.wait(idle=not self._attempts)
            asked_at = time.monotonic()
            try:
                self._listed = await jobs.list_jobs()
            except SlurmUnreachable as error:
                self._lose_contact(error)
                self._pace.failed()
                for attempt in list(self._attempts.values()):
                    self._end_by_outcome(attempt)
                continue
            self._pace.answered(time.monotonic() - asked_at)
            if not self._reachable.is_set():
                _log.info("Slurm answers again")
                self._reachable.set()
            for attempt in list(self._attempts.values()):
                if attempt.known_since < asked_at and not attempt.submitting:
                    self._look(attempt, self._jobs_of(attempt))
            await self._remove_arrays()

    async def _watch(self) -> None:
        """Look for what nodes write, which tells most ends before Slurm does."""
        while True:
            if not self._attempts:
                self._to_watch.clear()
                await self._to_watch.wait()
            await asyncio.sleep(_WATCH_EVERY * max(1.0, len(self._attempts) / _WATCHED_AT_ONCE))
            for attempt in list(self._attempts.values()):
                if not attempt.submitting:
                    self._end_by_outcome(attempt)

    def _jobs_of(self, attempt: Attempt) -> Sequence[Job]:
        """Return what Slurm listed of an attempt: its own job, or the rest of its array.

        What was cancelled before it started stays in the array's own record.
        """
        own = self._listed.get(attempt.name, ())
        if own or attempt.name.element is None:
            return own
        return self._listed.get(Name(attempt.name.comment), ())

    async def _remove_arrays(self) -> None:
        """Remove what is kept of arrays of which nothing is left to follow."""
        if not self._arrays_are_due:
            return
        self._arrays_are_due = False
        names = await asyncio.to_thread(self._arrays.names)
        used = {attempt.name.comment for attempt in self._attempts.values()}
        for name in names:
            if name not in used:
                await asyncio.to_thread(remove_tree, self._arrays.path(name))

    async def _wait_for_contact(self, error: SlurmUnreachable) -> None:
        self._lose_contact(error)
        await self._reachable.wait()

    def _lose_contact(self, error: SlurmUnreachable) -> None:
        if self._reachable.is_set():
            _log.warning("Slurm does not answer, waiting for it: %s", error)
            self._reachable.clear()

    def _look(self, attempt: Attempt, found: Sequence[Job]) -> None:
        """Report what Slurm and the attempt's files say of it."""
        attempt.jobs.update(job.id for job in found)
        job = newest(found)
        try:
            if job is not None and job.waits:
                self._tell_waiting(attempt, job)
            elif job is not None and job.runs:
                if not attempt.running and attempt.claimed:
                    self._tell_running(attempt)
            else:
                self._settle(attempt, job)
        except OSError as error:
            # The next look may find the file system in order again.
            _log.warning("cannot read what became of %s: %s", attempt.run_dir, error)
        if attempt.key in self._attempts and attempt.force is not None:
            self._act_on_cancel(attempt)

    def _tell_waiting(self, attempt: Attempt, job: Job) -> None:
        """Report why an attempt waits, once it is so for longer than a moment."""
        if job.reason in HOPELESS and attempt.give_up():
            self._cancel_jobs(attempt)
            self._end(attempt, Verdict(State.ENDED, HOPELESS[job.reason], f"Slurm: {job.reason}"))
        elif job.reason == attempt.waits_for != attempt.told:
            attempt.told = job.reason
            told = f"queued by Slurm: {job.reason}"
            self._tell(attempt.observation(State.QUEUED)._replace(message=told))
        attempt.waits_for = job.reason

    def _tell_running(self, attempt: Attempt) -> None:
        attempt.running = True
        begun_at = attempt.begun_at
        running = attempt.observation(State.RUNNING)
        self._tell(running._replace(at=begun_at, started_at=begun_at))
        self._pace.hurry()

    def _settle(self, attempt: Attempt, job: Job | None) -> None:
        """Report how an attempt ended of which no job runs any more, as soon as that is certain."""
        ended = attempt.outcome()
        if ended is not None:
            if attempt.cancelled or not verdict.needs_verdict(ended):
                self._end(attempt, ended=ended)
            elif job is None or not job.ending or attempt.over_for() > _OUTCOME_WITHIN:
                self._end(attempt, verdict.of_outcome(ended, job), ended)
        elif job is None or not job.ending:
            self._settle_without_outcome(attempt, job)
        if attempt.key in self._attempts:
            self._pace.hurry()

    def _settle_without_outcome(self, attempt: Attempt, job: Job | None) -> None:
        said = attempt.last_words()
        patience = _OUTCOME_WITHIN
        if job is None:
            patience = _FORGOTTEN_OUTCOME_WITHIN
        elif job.state == "COMPLETED":
            patience = _SURE_OUTCOME_WITHIN
        if attempt.give_up():
            self._end(attempt, verdict.never_begun(job, said, cancelled=attempt.cancelled))
        elif attempt.over_for() < patience:
            return
        elif attempt.cancelled:
            self._end(attempt, Verdict(State.ENDED, "cancelled", "cancelled, and ended by Slurm"))
        else:
            self._end(attempt, verdict.without_outcome(job, said))

    def _end_by_outcome(self, attempt: Attempt) -> None:
        """Report an attempt's end if its files alone tell it."""
        try:
            ended = attempt.outcome()
        except OSError as error:
            # The next look may find the file system in order again.
            _log.warning("cannot read what became of %s: %s", attempt.run_dir, error)
            return
        if ended is not None and (attempt.cancelled or not verdict.needs_verdict(ended)):
            self._end(attempt, ended=ended)

    def _act_on_cancel(self, attempt: Attempt) -> None:
        """Have an attempt ended that somebody wants to end."""
        if not attempt.jobs and not attempt.submitting:
            # The next look finds its jobs.
            return
        if attempt.give_up():
            # The job finds that it is not to run, should it start before Slurm is told.
            self._cancel_jobs(attempt)
            self._end(attempt, verdict.never_begun(None, "", cancelled=True))
        else:
            self._pass_on_cancel(attempt)

    def _pass_on_cancel(self, attempt: Attempt) -> None:
        """Have an attempt asked to end that a node has begun, and ended if it does not."""
        now = time.monotonic()
        if attempt.cancel_sent_at is None:
            number = "USR1" if attempt.force else "TERM"
            # To the supervisor alone, which asks the rest: it knows the grace period.
            options: tuple[str, ...] = ("--batch", f"--signal={number}")
        elif now - attempt.cancel_sent_at > _KILL_AFTER:
            options = ()
        else:
            return
        if attempt.jobs:
            attempt.cancel_sent_at = now
            self._cancel_jobs(attempt, *options)

    def _cancel_jobs(self, attempt: Attempt, *options: str) -> None:
        if attempt.jobs and self._cancels.add(attempt.jobs, *options):
            self._in_background(self._cancels.ask())

    def _end(
        self, attempt: Attempt, why: Verdict | None = None, ended: Outcome | None = None
    ) -> None:
        """Report the end of an attempt, by its outcome or in its stead."""
        if self._attempts.pop(attempt.key, None) is None:
            return
        if attempt.array_id is not None:
            self._arrays_are_due = True
            self._gatherer.ended(attempt.array_id)
        state = why.state if why is not None else State.ENDED
        observation = attempt.observation(state, ended)
        if why is not None:
            observation = observation._replace(reason=why.reason, message=why.message)
        self._tell(observation)
        self._pace.hurry()

    def _tell(self, observation: Observation) -> None:
        if self._report is not None:
            self._report(observation)
