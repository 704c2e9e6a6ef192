/// What bodies remember from one to the next over one connection, such as handles that need not be looked up again.
///
/// Sendable although it is mutable and holds handles: only the body whose turn it is on the connection reaches it,
/// through its session, and it goes with the connection.
package final class SessionMemory: @unchecked Sendable {
    private var values: [ObjectIdentifier: AnyObject] = [:]

    init() {}

    /// The value of a type, made where there is none yet.
    package func value<Value: AnyObject>(_ make: () -> Value) -> Value {
        let key = ObjectIdentifier(Value.self)
        if let known = values[key] as? Value { return known }
        let made = make()
        values[key] = made
        return made
    }
}
