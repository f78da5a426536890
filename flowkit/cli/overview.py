"""Which commands exist, where each lives, and the help that lists them; imports nothing.

Not even `typing`, which takes as long as everything else that `flowkit --help` does.
"""

from __future__ import annotations

# The summaries stand here so that the list of commands needs no command's module.
# Name: module, line in the help.
COMMANDS: dict[str, tuple[str, str]] = {
    "run": ("flowkit.cli.run", "Run a command, stream its output, exit with its code."),
    "submit": ("flowkit.cli.submit", "Submit a command and print its task id."),
    "ps": ("flowkit.cli.ps", "List tasks, newest first."),
    "status": ("flowkit.cli.status", "Show a task."),
    "logs": ("flowkit.cli.logs", "Print or follow a task's output."),
    "wait": ("flowkit.cli.wait", "Wait for tasks and exit with their code."),
    "cancel": ("flowkit.cli.cancel", "Cancel tasks and all that they started."),
    "hold": ("flowkit.cli.hold", "Keep queued tasks from starting."),
    "release": ("flowkit.cli.release", "Let held tasks start."),
    "delete": ("flowkit.cli.delete", "Delete finished tasks with their logs."),
    "sweep": ("flowkit.cli.sweep", "Run a command for every combination of values."),
    "reservation": ("flowkit.cli.reservation", "Keep machines free for tasks at a time."),
    "plan": ("flowkit.cli.plan", "Say what a submit would do, and submit nothing."),
    "gpus": ("flowkit.cli.gpus", "List the GPUs and machines that tasks can ask for."),
    "events": ("flowkit.cli.events", "List or follow what happens to tasks."),
    "volume": ("flowkit.cli.volume", "Create, share and look after volumes."),
    "cp": ("flowkit.cli.cp", "Copy files to and from volumes and tasks."),
    "ls": ("flowkit.cli.ls", "List files of volumes and tasks."),
    "mv": ("flowkit.cli.mv", "Move files of a volume or task."),
    "rm": ("flowkit.cli.rm", "Delete files of volumes and tasks."),
    "mkdir": ("flowkit.cli.mkdir", "Make directories in volumes and tasks."),
    "outputs": ("flowkit.cli.outputs", "List or download what is kept of a task."),
    "secret": ("flowkit.cli.secret", "Keep values that tasks are handed by name."),
    "profile-file": ("flowkit.cli.profile_file", "Keep files for the homes of your tasks."),
    "gateway": ("flowkit.cli.gateway", "Serve, start, stop and look at a gateway."),
    "config": ("flowkit.cli.config", "Show and change the settings."),
    "api": ("flowkit.cli.api", "Call an operation of the contract, signed in."),
    "completion": ("flowkit.cli.completion", "Print a shell's completion script."),
}

GLOBAL_OPTIONS: tuple[tuple[str, str], ...] = (
    ("--api-url URL", "Gateway to use instead of the configured or embedded one."),
    ("--project NAME", "Project to work in."),
    ("--profile NAME", "Profile of the config file to use."),
    ("--version", "Print the version."),
    ("-h, --help", "Print this help; `flowkit COMMAND --help` tells about one command."),
)


def overview() -> str:
    """The text of `flowkit --help`."""
    width = max(len(name) for name, _ in GLOBAL_OPTIONS) + 2
    commands = [f"  {name:<{width}}{summary}" for name, (_, summary) in COMMANDS.items()]
    options = [f"  {name:<{width}}{text}" for name, text in GLOBAL_OPTIONS]
    return "\n".join(
        [
            "Usage: flowkit [OPTIONS] COMMAND [ARGS]...",
            "",
            "  Run GPU work on this machine, a shared gateway, a cluster or a cloud.",
            "",
            "  flowkit run --gpu a100:2 -- python train.py",
            "",
            "Commands:",
            *commands,
            "",
            "Options:",
            *options,
            "",
        ]
    )
