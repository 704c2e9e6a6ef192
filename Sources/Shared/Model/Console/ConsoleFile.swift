/// A file of a VM's console log, as it is on the PM.
package struct ConsoleFile: Hashable, Sendable {
    /// What tells it from all other files there, whatever its name is at the moment.
    package let id: String
    /// Its length in bytes.
    package let size: Int

    package init(id: String, size: Int) { (self.id, self.size) = (id, size) }
}
