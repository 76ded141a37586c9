"""A server on this machine that speaks the protocol of S3."""

import contextlib

import requests
from moto.server import ThreadedMotoServer

KEYS = {
    "AWS_ACCESS_KEY_ID": "who",
    "AWS_SECRET_ACCESS_KEY": "not-to-be-kept",
    "AWS_DEFAULT_REGION": "us-east-1",
}


@contextlib.contextmanager
def served(bucket):
    """Yield the address of a server with an empty bucket of that name."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    requests.post(f"{address}/moto-api/reset", timeout=30).raise_for_status()
    requests.put(f"{address}/{bucket}", timeout=30).raise_for_status()
    yield address
    server.stop()
