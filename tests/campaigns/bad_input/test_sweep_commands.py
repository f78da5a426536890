"""Sweeps that cannot be."""

from __future__ import annotations

import pytest

from tests.campaigns.bad_input.conftest import Refused
from tests.campaigns.bad_input.hints import (
    DURATION,
    EXAMPLE,
    NOT_UTF8,
    SWEEPS,
    WHOLE,
)
from tests.campaigns.bad_input.rows import Row, name_of

ROWS = [
    Row(["sweep"], "missing command", "see `flowkit sweep --help`"),
    Row(
        ["sweep", "shwo", "x"],
        "there is no --param to sweep over",
        "did you mean `flowkit sweep show`?",
    ),
    Row(["sweep", "--param", "A=case:1"], "there is no command to run", EXAMPLE),
    Row(
        ["sweep", "--", "true"],
        "there is no --param to sweep over",
        "as in flowkit sweep --param LR=case:0.1,0.2 -- python train.py --lr {LR}",
    ),
    Row(
        ["sweep", "--param", "A", "--", "true"],
        "--param: 'A' is not NAME=VALUES",
        "as in --param LR=case:0.1,0.2",
    ),
    Row(
        ["sweep", "--param", "A=", "--", "true"],
        "A: '' is no list of values",
        "write case:a,b,c or range:0,10,2 or linspace:0,1,5, or give a list",
    ),
    Row(
        ["sweep", "--param", "=case:1", "--", "true"],
        "invalid parameter name ''",
        "a name is that of a variable: letters, digits and _, not first a digit",
    ),
    Row(
        ["sweep", "--param", "A=kase:1", "--", "true"],
        "A: 'kase:1' is no list of values",
        "did you mean case?",
    ),
    Row(["sweep", "--param", "A=range:0", "--", "true"], "A has no values", "give it at least one"),
    Row(
        ["sweep", "--param", "A=range:0,10,0", "--", "true"],
        "A: the step of a range: cannot be 0",
        "as in 2",
    ),
    Row(
        ["sweep", "--param", "A=range:x", "--", "true"],
        "A: range: takes start,stop,step in whole numbers, not 'x'",
        "as in range:0,10,2; linspace:0,1,5 has fractions",
    ),
    Row(
        ["sweep", "--param", "A=linspace:0,1", "--", "true"],
        "A: linspace: takes start,stop,count, not '0,1'",
        "as in linspace:0,1,5 for 0, 0.25, 0.5, 0.75, 1",
    ),
    Row(
        ["sweep", "--param", "A=linspace:0,1,0", "--", "true"],
        "A: the count of linspace: is a whole number from 1 on, not '0'",
        "as in linspace:0,1,5",
    ),
    Row(
        ["sweep", "--param", "A=linspace:0,nan,3", "--", "true"],
        "A: linspace: takes start,stop,count, not '0,nan,3'",
        "as in linspace:0,1,5 for 0, 0.25, 0.5, 0.75, 1",
    ),
    Row(
        ["sweep", "--param", "A B=case:1", "--", "true"],
        "invalid parameter name 'A B'",
        "a name is that of a variable: letters, digits and _, not first a digit",
    ),
    Row(
        ["sweep", "--param", "A=case:1", "--param", "A=case:2", "--", "true"],
        "--param: A is given twice",
        "list all of its values in one",
    ),
    Row(
        ["sweep", "--param", "A=range:200000", "--", "true"],
        "A has more values than a sweep has cases (10000)",
        "make several sweeps of it",
    ),
    Row(
        ["sweep", "--param", "A=range:200", "--param", "B=range:200", "--", "true"],
        "there are more combinations than a sweep has cases (10000)",
        "make several sweeps of it",
    ),
    Row(
        ["sweep", "--zip", "--param", "A=case:1,2", "--param", "B=case:1", "--", "true"],
        "values of different number cannot be zipped: A has 2, B has 1",
        "give each parameter as many, or leave out zip for every combination",
    ),
    Row(
        ["sweep", "--max-parallel", "0", "--param", "A=case:1", "--", "true"],
        "--max-parallel: 0 is too small",
        "it is at least 1",
    ),
    Row(
        ["sweep", "--max-parallel", "x", "--param", "A=case:1", "--", "true"],
        "--max-parallel: 'x' is not a whole number",
        WHOLE,
    ),
    Row(
        ["sweep", "--param", "status=case:1", "--", "true"],
        "a parameter cannot be called status",
        "case, status, exit_code, task_id and FLOWKIT_... have meanings of their own",
    ),
    Row(
        ["sweep", "--param", "FLOWKIT_X=case:1", "--", "true"],
        "a parameter cannot be called FLOWKIT_X",
        "case, status, exit_code, task_id and FLOWKIT_... have meanings of their own",
    ),
    Row(
        ["sweep", "--param", "A=case:\udcff", "--", "true"],
        "--param: not UTF-8: A=case:\\xff",
        NOT_UTF8,
    ),
    Row(
        ["sweep", "--param", "A=case:1", "-f", "gone.yaml"],
        "there is no file gone.yaml",
        "name a YAML file",
    ),
    Row(
        ["sweep", "--param", "A=case:1", "--retries", "-1", "--", "true"],
        "--retries: -1 is too small",
        "it is at least 0",
    ),
    Row(["sweep", "show"], "missing argument SWEEP", "see `flowkit sweep show --help`"),
    Row(["sweep", "wait"], "missing argument SWEEP", "see `flowkit sweep wait --help`"),
    Row(["sweep", "wait", "a b"], "no sweep has the id or name 'a b'", SWEEPS, code=3),
    Row(["sweep", "cancel", ""], "no sweep has the id or name ''", SWEEPS, code=3),
    Row(["sweep", "delete"], "missing argument SWEEP...", "see `flowkit sweep delete --help`"),
    Row(
        ["sweep", "wait", "x", "--timeout", "soon"],
        "--timeout: invalid duration 'soon': not a duration",
        DURATION,
    ),
    Row(
        ["sweep", "wait", "x", "-o", "xml"],
        "--output: 'xml' is not one of table, csv, json",
        "see `flowkit sweep wait --help`",
    ),
    Row(["sweep", "ls", "-n", "0"], "no such option: -n", "see `flowkit sweep ls --help`"),
    Row(["sweep", "show", "x"], "no sweep has the id or name 'x'", SWEEPS, code=3, served=True),
    Row(
        ["sweep", "wait", "sweep_00000000000000000000000000"],
        "there is no sweep sweep_00000000000000000000000000",
        SWEEPS,
        code=3,
        served=True,
    ),
    Row(["sweep", "retry", "x"], "no sweep has the id or name 'x'", SWEEPS, code=3, served=True),
]


@pytest.mark.parametrize("row", ROWS, ids=name_of)
def test_a_sweep_that_cannot_be_is_not_begun(refused: Refused, row: Row) -> None:
    refused(row)
