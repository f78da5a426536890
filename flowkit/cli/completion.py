"""`flowkit completion`: a shell's completion script."""

from __future__ import annotations

import click

from flowkit.cli import options, output


@options.command()
@click.argument("shell", type=options.Choice(["bash", "zsh", "fish"]), metavar="SHELL")
def command(shell: str) -> None:
    """Print the completion script of SHELL: bash, zsh or fish.

    \b
      eval "$(flowkit completion bash)"            # in ~/.bashrc
      eval "$(flowkit completion zsh)"             # in ~/.zshrc
      flowkit completion fish | source             # in ~/.config/fish/config.fish
    """
    from click.shell_completion import get_completion_class

    from flowkit.cli.process import COMPLETE, PROGRAM
    from flowkit.cli.root import root

    kind = get_completion_class(shell)
    assert kind is not None, "click completes each of the shells that are offered"
    output.result(kind(root, {}, PROGRAM, COMPLETE).source())
