package import Model

/// What a gateway asks of the workers about a console.
package struct ConsoleAsk: Hashable, Sendable, Codable {
    package enum Kind: String, Hashable, Sendable, Codable {
        /// To read some of it.
        case page
        /// To relay what is written from now on.
        case follow
        /// To write what is to be written.
        case write
        /// To press the keys of a request to the guest's kernel.
        case keys
    }

    /// Where a page begins.
    package enum Start: Hashable, Sendable, Codable {
        /// Where the present run of the VM begins.
        case boot
        case offset(Int)
        /// So many bytes before the end.
        case last(Int)
    }

    package let kind: Kind
    package let vm: VMID
    /// What the answer is known by, and the gateway that takes it; empty where none is waited for.
    package var id = ""
    package var gateway = ""
    package var start: Start?
    /// How many bytes a page has at most.
    package var limit = 0
    /// The key that is pressed with Alt and SysRq.
    package var key: String?

    package init(_ kind: Kind, _ vm: VMID) { (self.kind, self.vm) = (kind, vm) }
}

/// A part of a console's log.
package struct ConsolePage: Hashable, Sendable, Codable {
    /// The offset of its first byte.
    package let offset: Int
    /// The offset of the first byte that is kept, and the one behind the last.
    package let first: Int
    package let size: Int
    /// The present run, or the last one.
    package let boot: Int
    package var bytes: [UInt8] = []

    private enum CodingKeys: String, CodingKey { case offset, first, size, boot }

    package init(offset: Int, first: Int, size: Int, boot: Int, bytes: [UInt8] = []) {
        (self.offset, self.first, self.size, self.boot, self.bytes) = (offset, first, size, boot, bytes)
    }
}

/// What a worker answers.
package struct ConsoleAnswer: Sendable {
    /// Which ask it is about.
    package let id: String
    package let result: Result<ConsolePage, Failure>
}

/// How an answer begins; the bytes of a page follow behind a line feed.
struct ConsoleAnswerHead: Codable {
    let id: String
    var page: ConsolePage?
    var code: String?
    var message: String?
    var cause: String?

    init(id: String, _ result: Result<ConsolePage, Failure>) {
        self.id = id
        switch result {
        case .success(let page): self.page = page
        case .failure(let failure):
            (code, message, cause) = (failure.code.rawValue, failure.message, failure.cause)
        }
    }

    func result(_ bytes: [UInt8]) -> Result<ConsolePage, Failure> {
        if var page {
            page.bytes = bytes
            return .success(page)
        }
        let known = code.flatMap(FailureCode.init(rawValue:)) ?? .internalFault
        return .failure(Failure(known, message ?? "a worker gave an answer that is none: report this", cause: cause))
    }
}
