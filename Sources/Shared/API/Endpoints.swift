/// Every call there is, each once.
///
/// Those of a resource stand in its file.
package enum Endpoints {
    package static let all: [EndpointDescription] =
        vms + console + batches + holds + groups + networks + pms + images + types + workers + tokens + projects
        + sshKeys
        + auditLog
        + webhooks
        + placement
        + jobs + queue + refusals + events
        + legacy + service
}
