import Model

import struct Foundation.UUID

/// What a PM knows of its guests beside what their domains are: their addresses, and what they say of themselves.
protocol GuestDriver: Sendable {
    /// The PM's libvirt networks, each with all that its DHCP server has given; nil where it has none of them.
    func networks() async throws(Failure) -> [NetworkSummary]?

    /// Has the VM's network keep an address for it; nil where the driver's guests have none.
    func reserveAddress(of vm: VirtualMachine) async throws(Failure) -> GuestAddress?

    /// Asks the agent of a guest for the guest's addresses; apart from all other calls, since an agent may hang.
    func askAgent(of vm: UUID) async throws(Failure) -> AgentAnswer

    /// Asks the agent of a guest for the system in it; nil where it does not answer.
    func askSystem(of vm: UUID) async throws(Failure) -> GuestSystem?

    /// The file on the PM that has what the guest writes to its serial console; nil where the driver keeps none.
    func consoleLog(of vm: VirtualMachine) -> String?
}

/// Of guests that nobody runs there are no addresses.
extension GuestDriver {
    func networks() async throws(Failure) -> [NetworkSummary]? { nil }

    func reserveAddress(of vm: VirtualMachine) async throws(Failure) -> GuestAddress? { nil }

    func askAgent(of vm: UUID) async throws(Failure) -> AgentAnswer { .silent("no guest runs") }

    func askSystem(of vm: UUID) async throws(Failure) -> GuestSystem? { nil }

    func consoleLog(of vm: VirtualMachine) -> String? { nil }
}

/// A libvirt network of a PM.
struct NetworkSummary: Hashable, Sendable {
    var name: String
    var isActive: Bool
    var startsByItself: Bool
    /// The bridge on the PM to which its guests are attached; nil where libvirt names none.
    var bridge: String?
    /// The addresses behind it.
    var subnets: [IPNetwork]
    /// Whether the PM hands on what comes from elsewhere to its guests, as they are addressed.
    var isRouted: Bool
    /// Whether it has a DHCP server of libvirt's.
    var hasDHCP: Bool
    var leases: [MACAddress: [IPAddress]] = [:]
    /// What it keeps for known network cards.
    var reservations: [MACAddress: IPAddress] = [:]
    /// Those of them that are called after domains of ours.
    var owned: [AddressReservation] = []
}

/// An address that a network keeps for a VM.
struct AddressReservation: Hashable, Sendable {
    var network: String
    var mac: MACAddress
    /// The name of the VM's domain.
    var owner: String
}

/// What came of asking a guest's agent.
enum AgentAnswer: Hashable, Sendable {
    /// The addresses of each network card.
    case answered([MACAddress: [IPAddress]])
    /// It did not answer, and why.
    case silent(String)
}
