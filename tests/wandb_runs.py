"""Reading what a run of Weights & Biases has kept in offline mode."""

import json
import struct


def records_of(path):
    """Read what an offline run has kept: protocol buffers in the log format of LevelDB."""
    from wandb.proto.wandb_internal_pb2 import Record

    content, at, parts = path.read_bytes(), 7, []
    while at + 7 <= len(content):
        if 32768 - at % 32768 < 7:  # what is left of a block is padding
            at += 32768 - at % 32768
        length, kind = struct.unpack_from("<HB", content, at + 4)  # after a checksum
        parts.append(content[at + 7 : at + 7 + length])
        at += 7 + length
        if kind in (1, 4):  # a whole record, or the last part of one
            yield Record.FromString(b"".join(parts))
            parts = []


def as_dict(items):
    return {item.key or "/".join(item.nested_key): json.loads(item.value_json) for item in items}
