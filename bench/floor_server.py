"""Bare Starlette, the floor of the gateway's requests: it knows one answer a path, by heart.

    python -m bench.floor_server PORT DOCUMENTS.json

Served as the gateway is: uvicorn with uvloop and httptools, no access log.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from bench.floor import serve


def main() -> None:
    documents = json.loads(Path(sys.argv[2]).read_text())

    async def get(request: Request) -> JSONResponse:
        return JSONResponse(documents["get"])

    async def post(request: Request) -> JSONResponse:
        await request.json()
        return JSONResponse(documents["post"])

    app = Starlette(
        routes=[
            Route("/v1/tasks/{task_id}", get, methods=["GET"]),
            Route("/v1/tasks:plan", post, methods=["POST"]),
        ]
    )
    serve(app, int(sys.argv[1]))


if __name__ == "__main__":
    main()
