"""What Schemathesis does otherwise than by itself, each with its reason; dev/schemathesis names this file to it."""
import datetime
import re

import schemathesis

# The document has no rules between the fields of a body or the arguments of a query.
BETWEEN_FIELDS = (
    b"a rule for no jobs",
    b"wait_s and deadline_at are for when_full",
    b"give wait_s or deadline_at, and not both",
    b"a hold is one VM that has its place",
    b"VMs: give 1 to 100 in all",
    b"need wait_for: say what to wait for",
    b"wait_for is for one VM",
    b"console_match needs wait_for=console",
    b"wait_for=console needs console_match",
    b"no VM has two values of the label",
    b"give user_data or user_data_base64, and not both",
    b"seed is none, and what is asked of the guest",
)
# What is no fault of the server, as docs/api.md has it: this version cannot do it; an operator's rule rejects such jobs.
NO_FAULT = {501: "not_supported", 503: "rejected_by_rule"}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)")

SSH_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI" + "A" * 43


def put_guest_right(vm):
    """Texts of which the document says no more than that they are texts."""
    if isinstance(vm.get("user_data_base64"), str):
        vm["user_data_base64"] = "YQ=="
    for name in ("user_data", "network_config"):
        if isinstance(vm.get(name), str):
            vm[name] = vm[name].replace("\0", "")
    if isinstance(vm.get("hostname"), str) and 0 < len(vm["hostname"]) < 254:
        vm["hostname"] = "a.example"
    if isinstance(vm.get("ssh_keys"), list):
        vm["ssh_keys"] = [SSH_KEY if isinstance(key, str) else key for key in vm["ssh_keys"][:32]]


@schemathesis.hook
def before_call(context, case, kwargs):
    """Nothing is sent to hosts that others may have, waits are short, so that a run ends, and a deadline is to come."""
    query, path, body = case.query, case.operation.path, case.body
    if path == "/v1/webhooks" and isinstance(body, dict) and str(body.get("url", "")).startswith("https://"):
        body["url"] = "https://receiver.invalid/"
    if isinstance(body, dict) and TIME.fullmatch(str(body.get("deadline_at", ""))):
        body["deadline_at"] = (datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    if path in ("/v1/vms", "/v1/batches") and isinstance(body, dict):
        vms = body.get("vms")
        for vm in [body] + (vms if isinstance(vms, list) else []):
            if isinstance(vm, dict):
                put_guest_right(vm)
    if path == "/v1/ssh-keys" and isinstance(body, dict) and isinstance(body.get("key"), str):
        body["key"] = SSH_KEY
    if not isinstance(query, dict):
        return
    if str(query.get("wait", "")).isdigit() and 1 < int(query["wait"]) <= 300:
        query["wait"] = 1
    if path == "/v1/events":
        # Without `wait` the answer is a stream that does not end.
        query.setdefault("wait", 0)


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """No failure is a refusal by what NO_FAULT and BETWEEN_FIELDS name; no other is forgiven."""
    reason = ""
    if [NO_FAULT.get(response.status_code)] == response.headers.get("x-hvc-code"):
        reason = NO_FAULT[response.status_code]
    if response.status_code == 400:
        reason = next((rule.decode() for rule in BETWEEN_FIELDS if rule in response.content), "")
    if reason:
        with open("forgiven.log", "a") as log:
            log.write(f"{case.operation.label}: {response.status_code} {reason}\n")
    return not reason
