"""Bare Starlette, the floor of uploads and downloads: what a simple application does with a file.

    python -m bench.floor_file_server PORT DIRECTORY

Served as the gateway is: uvicorn with uvloop and httptools, no access log.
"""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse
from starlette.routing import Route

from bench.floor import serve


def main() -> None:
    directory = Path(sys.argv[2])

    async def write(request: Request) -> JSONResponse:
        digest = hashlib.sha256()
        temporary = directory / "temporary"
        with temporary.open("wb") as file:
            async for part in request.stream():
                file.write(part)
                digest.update(part)
            file.flush()
            os.fsync(file.fileno())
        temporary.rename(directory / request.path_params["name"])
        return JSONResponse({"sha256": digest.hexdigest()})

    async def read(request: Request) -> FileResponse:
        return FileResponse(directory / request.path_params["name"])

    app = Starlette(
        routes=[
            Route("/{name}", read, methods=["GET"]),
            Route("/{name}", write, methods=["POST"]),
        ]
    )
    serve(app, int(sys.argv[1]))


if __name__ == "__main__":
    main()
