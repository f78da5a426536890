"""What errors advise, where several advise the same."""

from __future__ import annotations

import re

DURATION = "write it with a unit: 90s, 10m, 2h, 1d, 1w or 1h30m"
SIZE = "write it as 64gb, 512mb or 1.5tb; a bare number is GB"
PRICE = "write dollars per hour, as 2.50"
PRIORITY = "as in 10 or high"
NAME = "use letters, digits, . _ and -, and begin with a letter or digit"
LABEL = "use up to 63 letters, digits, . _ / and -, and begin with a letter or digit"
VARIABLE = "a name is letters, digits and _, and does not begin with a digit"
TIME = "write how long ago (5m, 2h, 1d) or when (2026-11-20 10:00, 2026-11-20T10:00:00Z)"
UNKNOWN_HOST = "(Name or service not known|Temporary failure in name resolution)"
NOT_UTF8 = "flowkit sends text alone; a script of the task can write other bytes, as in $'\\xff'"
URL = "write it as https://gpu.example.org or http://127.0.0.1:8765"
KEY = "was a line end or a quote copied with it?"
PROJECT = "use up to 63 lower-case letters, digits and -, and begin with a letter or digit"
EDITOR = "mend it with an editor"
HOME = "name a directory that can be written, with FLOWKIT_HOME or --data-dir"
LISTED = "`flowkit ps` lists the tasks"
LISTED_HERE = "`flowkit ps` lists the tasks of this project"
KEY_LINE = "a line is KEY [PROJECT [USER]]"
COUNT = "the count is at least 1, or a share of one GPU such as 0.5; for none leave gpu unset"
WHOLE = "write it in digits, as in 4"
NUMBER = "write it in digits, as in 4 or 0.5"
ELSEWHERE = "change into one that does, or give a working_dir by its absolute path"
EXAMPLE = "as in flowkit run --gpu a100 -- python train.py"
HERE = "name a directory of this machine"
UNREADABLE = "make it readable, or set FLOWKIT_HOME"
MODELS = re.compile("known models: p100, v100, .*; or ask by memory: gpu:40gb\\+")
OFFERS = re.compile(r"this gateway offers up to 8x.* and [0-9]+ more \(flowkit gpus lists them\)")
