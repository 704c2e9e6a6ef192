import HTTPTypes

extension HTTPField.Name {
    /// Why a call failed, in words.
    static let reason = Self("X-HVC-Reason")
    /// Why a call failed, as a stable code.
    static let reasonCode = Self("X-HVC-Code")
    /// From where a browser was made to send a request.
    static let fetchSite = Self("Sec-Fetch-Site")
    /// How the caller would have the request dealt with (RFC 7240).
    static let prefer = Self("Prefer")
    /// Names the request in logs and jobs.
    static let requestID = Self("X-Request-Id")
}

extension HTTPFields {
    /// A field under a name of our own; HTTPTypes checks names when they are made and so gives them as optionals.
    subscript(name: HTTPField.Name?) -> String? {
        get { name.flatMap { self[$0] } }
        set { if let name { self[name] = newValue } }
    }
}
