"""What Schemathesis does otherwise than by itself, each with its reason; dev/schemathesis names this file to it."""
import schemathesis

BETWEEN_FIELDS = (
    b"a rule for no jobs",
    b"wait_s and deadline_at are for when_full",
    b"give wait_s or deadline_at, and not both",
    b"a hold is one VM that has its place",
)

@schemathesis.hook
def before_call(context, case, kwargs):
    """Waits are short, so that a run ends; and what the document cannot say is put right."""
    query, path = case.query, case.operation.path
    if path == "/v1/webhooks" and isinstance(case.body, dict) and str(case.body.get("url", "")).startswith("https://"):
        # Nothing is sent to hosts that others may have.
        case.body["url"] = "https://receiver.invalid/"
    if path in ("/v1/vms", "/v1/batches") and isinstance(case.body, dict):
        # A time that is to come, and a sum over all VMs.
        if "deadline_at" in case.body and isinstance(case.body["deadline_at"], str):
            del case.body["deadline_at"]
        if isinstance(case.body.get("wait_s"), (int, float)) and case.body["wait_s"] > 86400:
            # The longest wait is a setting.
            case.body["wait_s"] = 86400
        vms = case.body.get("vms")
        if vms == []:
            case.body["vms"] = [{"name": "a", "instance_type": 1, "image_id": 100}]
        for vm in vms if isinstance(vms, list) else []:
            if isinstance(vm, dict) and isinstance(vm.get("count"), (int, float)) and vm["count"] > 1:
                vm["count"] = 2
    if path == "/v1/tokens" and isinstance(case.body, dict) and case.body.get("role") == "admin":
        # An admin is one of all projects.
        case.body.pop("project", None)
    if path == "/v1/queue/rules":
        # The form of a label, which the document gives for those of VMs.
        for place in (query, case.body):
            if isinstance(place, dict) and isinstance(place.get("label"), str):
                place["label"] = "env=prod"
    if path == "/v1/queue/rules" and case.operation.method.lower() == "delete" and isinstance(query, dict):
        # One of three that may each be left out.
        if not {"kind", "project", "label"} & set(query):
            query["kind"] = "create"
    if not isinstance(query, dict):
        return
    if str(query.get("wait", "")).isdigit() and 1 < int(query["wait"]) <= 300:
        query["wait"] = 1
    if path == "/v1/events":
        # Without `wait` the answer is a stream that does not end.
        query.setdefault("wait", 0)
    if path == "/v1/vms/{id}" and case.operation.method.lower() == "get" and "wait" in query:
        # It needs `wait_for`.
        query.setdefault("wait_for", "running")
    if isinstance(query.get("label"), list):
        # Two values of one label are refused.
        query["label"] = query["label"][:1]


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """What is no fault of the server.

    501 says that this version cannot do it, as docs/api.md has it. The document has no rules between the fields of a body:
    the refusals by those are named in BETWEEN_FIELDS, and no other is forgiven.
    """
    if response.status_code == 501 and b'"code":"not_supported"' in response.content:
        return False
    return not (response.status_code == 400 and any(rule in response.content for rule in BETWEEN_FIELDS))
