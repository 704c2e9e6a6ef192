import Model
package import RedisClient

/// A script of the store: what Redis gets, and the names of its arguments in their order.
///
/// Its only key is the prefix of all keys, which leads to the server that has them; the script builds their names from it.
package struct StoreScript: Sendable {
    /// The script that Redis gets.
    package let script: RedisScript
    /// The arguments that come each by itself, in their order.
    package let parameters: [String]
    /// Whether more may follow those.
    package let takesMore: Bool
    /// For messages about failures.
    let place: String
    /// The file that it was made of.
    let file: LuaFile

    init(_ name: String, _ bytes: [UInt8]) {
        file = LuaFile(name, bytes)
        script = RedisScript(name: name, source: LuaLibrary.shared.source(of: file))
        parameters = file.arguments
        takesMore = file.rest != nil
        place = "script \(name)"
    }

    /// The script that Redis gets where there are other operations than this project's.
    ///
    /// - Parameter library: what it is assembled from.
    /// - Returns: the script.
    func assembled(from library: LuaLibrary) -> RedisScript {
        RedisScript(name: script.name, source: library.source(of: file))
    }

    /// The argument that says who asks for a change.
    private static let author = "author"

    /// The values in their order.
    ///
    /// - Throws: `Failure` with `internalFault` where the names are not the script's, in its order.
    func values(
        _ arguments: ScriptArguments,
        more: [any RedisArgumentConvertible]
    ) throws(Failure) -> [RedisArgument] {
        // Who asks is no argument of the callers: it follows the request.
        let author: any RedisArgumentConvertible = RequestAuthor.current?.text ?? ""
        let named = arguments.named + [(name: Self.author, value: author)]
        let values = parameters.compactMap { name in named.first { $0.name == name }?.value }
        guard more.isEmpty || takesMore, values.count == parameters.count,
            arguments.named.elementsEqual(parameters.filter { $0 != Self.author }, by: { $0.name == $1 })
        else {
            throw Failure(
                .internalFault,
                "the script \(script.name) was called with other arguments than it takes: report this",
                cause: "takes \(parameters), got \(arguments.named.map(\.name))"
            )
        }
        return values.map(\.redisArgument) + more.map(\.redisArgument)
    }
}

/// What a script is called with: values by the names that the script gives them, in its order.
struct ScriptArguments: ExpressibleByDictionaryLiteral {
    fileprivate var named: [(name: String, value: any RedisArgumentConvertible)]

    init(dictionaryLiteral elements: (String, any RedisArgumentConvertible)...) {
        named = elements.map { (name: $0.0, value: $0.1) }
    }

    /// The same with more of them.
    static func + (first: Self, second: Self) -> Self {
        var all = first
        all.named += second.named
        return all
    }
}
