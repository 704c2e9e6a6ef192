"""`/vm/query` in Flask and redis-py: the same command and the same answer as the gateway's.

Usage: python app.py, which is Flask's own server on a free port, or gunicorn app:app. REDIS_SOCKET says where Redis is.
"""
import os

import redis
from flask import Flask, request

app = Flask(__name__)
app.json.sort_keys = False
store = redis.Redis(unix_socket_path=os.environ["REDIS_SOCKET"], decode_responses=True)


@app.get("/vm/query")
def query():
    vmid = request.args.get("vmid", type=int)
    name, kind, pm = store.hmget(f"hvc:vm:{vmid}", "name", "type", "pm")
    if name is None:
        return "0", 404
    return {"vmid": vmid, "name": name, "instance_type": int(kind), "pmid": int(pm or 0)}


if __name__ == "__main__":
    app.run(port=0)
