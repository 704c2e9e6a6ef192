import API
import ArgumentParser
import Client

/// `hvctl doctor`: what is wrong, and what to do.
struct Doctor: ClientCommand {
    static let configuration = CommandConfiguration(
        abstract: "Checks the server, the token, Redis, the workers and the PMs, and says what to do."
    )

    @OptionGroup var common: CommonOptions

    /// What was found about one part.
    private struct Finding {
        let part: String
        let isGood: Bool
        let text: String
        var advice = ""
    }

    private static let columns: [Column] = [
        .field("part"), .made("well", of: "well") { $0["well"]?.flag == true ? "ok" : "NO" }, .field("what"),
        .field("next"),
    ]

    func run(in session: Session) async throws {
        var findings: [Finding] = []
        let isThere = await checkServer(session, &findings)
        if isThere {
            let isKnown = await checkToken(session, &findings)
            if isKnown {
                await checkWorkers(session, &findings)
                await checkPMs(session, &findings)
                await checkQueue(session, &findings)
            }
        }
        let rows = findings.map { finding -> JSONValue in
            .object([
                "part": .string(finding.part), "well": .boolean(finding.isGood), "what": .string(finding.text),
                "next": .string(finding.advice),
            ])
        }
        try session.show(rows, Self.columns)
        let faults = findings.filter { !$0.isGood }
        guard !faults.isEmpty else { return }
        throw CommandFailure(
            isThere ? .failed : .unreachable,
            code: "unwell",
            "\(faults.count) of \(findings.count) checks found a fault: \(faults.map(\.part).joined(separator: ", "))",
            next: faults.map(\.advice).filter { !$0.isEmpty }
        )
    }

    private func checkServer(_ session: Session, _ findings: inout [Finding]) async -> Bool {
        let address = session.server.address
        do throws(CommandFailure) {
            let answer = try await session.server.exchange("GET", "/readyz", within: .seconds(10))
            let status = (try? JSONValue(parsing: answer.body))?["status"]?.string ?? "status \(answer.status)"
            findings.append(Finding(part: "server", isGood: true, text: "\(address) answers"))
            let advice = status.contains("worker") ? "start a worker: bin/up.sh" : "see that Redis runs: bin/status.sh"
            let isReady = answer.status == 200
            findings.append(Finding(part: "ready", isGood: isReady, text: status, advice: isReady ? "" : advice))
            return true
        } catch {
            let advice = "see that the gateway runs there: bin/status.sh; or name another server: hvctl server add"
            findings.append(Finding(part: "server", isGood: false, text: error.what, advice: advice))
            return false
        }
    }

    private func checkToken(_ session: Session, _ findings: inout [Finding]) async -> Bool {
        do throws(CommandFailure) {
            let caller = try await session.server.call(Endpoints.readOwnToken).value
            findings.append(Finding(part: "token", isGood: true, text: OwnToken.line(caller)))
            return true
        } catch {
            findings.append(Finding(part: "token", isGood: false, text: error.what, advice: "hvctl login"))
            return false
        }
    }

    private func checkWorkers(_ session: Session, _ findings: inout [Finding]) async {
        await check("workers", session, &findings) { session throws(CommandFailure) in
            let workers =
                try await session.server.call(Endpoints.listWorkers, query: [("limit", "500")]).value["items"]?.items
                ?? []
            let alive = workers.count { $0["alive"]?.flag == true }
            return Finding(
                part: "workers",
                isGood: alive > 0,
                text: "\(alive) of \(workers.count) alive",
                advice: alive > 0 ? "" : "start a worker: bin/up.sh"
            )
        }
    }

    private func checkPMs(_ session: Session, _ findings: inout [Finding]) async {
        await check("PMs", session, &findings) { session throws(CommandFailure) in
            let query: Server.Query = [("limit", "500"), ("fields", "id,address,state,reason,cordoned")]
            let pms = try await session.server.call(Endpoints.listPMs, query: query).value["items"]?.items ?? []
            let bad = pms.filter { !["up", "alias"].contains($0["state"]?.string ?? "") }
            let first = bad.first.map {
                ": \($0["address"]?.cell ?? "") is \($0["state"]?.cell ?? "") (\($0["reason"]?.cell ?? ""))"
            }
            return Finding(
                part: "PMs",
                isGood: bad.isEmpty && !pms.isEmpty,
                text: "\(pms.count - bad.count) of \(pms.count) are up" + (first ?? ""),
                advice: pms.isEmpty
                    ? "name PMs in the pm_file" : bad.first.map { "hvctl explain --pm \($0["id"]?.cell ?? "")" } ?? ""
            )
        }
    }

    private func checkQueue(_ session: Session, _ findings: inout [Finding]) async {
        await check("queue", session, &findings) { session throws(CommandFailure) in
            let queue = try await session.server.call(Endpoints.readQueue).value
            let dead = queue["dead"]?.integer ?? 0
            if let pause = queue["paused"] {
                return Finding(
                    part: "queue",
                    isGood: false,
                    text: "paused: \(pause["reason"]?.cell ?? "")",
                    advice: "hvctl queue resume"
                )
            }
            return Finding(
                part: "queue",
                isGood: dead == 0,
                text: dead == 0
                    ? "\(queue[path: "capacity.depth"]?.cell ?? "0") jobs wait" : "\(dead) jobs were given up",
                advice: dead == 0 ? "" : "hvctl job list -f state=dead"
            )
        }
    }

    /// A check that the token may not make says so, and is no fault.
    private func check(
        _ part: String,
        _ session: Session,
        _ findings: inout [Finding],
        _ body: (Session) async throws(CommandFailure) -> Finding
    ) async {
        do throws(CommandFailure) { findings.append(try await body(session)) } catch {
            let isHidden = error.exit == .notAllowed
            let text = isHidden ? "the token may not see this" : error.what
            findings.append(Finding(part: part, isGood: isHidden, text: text, advice: error.next.first ?? ""))
        }
    }
}
