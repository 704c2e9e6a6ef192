import Logging
import Model
import Store

extension GuestWatch {
    /// Whether the network of a guest was to keep an address for it, and keeps none any more.
    func lacksReservation(_ vm: VirtualMachine, on pm: PMID) -> Bool {
        guard vm.constraints.reservesAddress, let mac = macs(of: vm, on: pm).first else { return false }
        let networks = states[pm]?.sources.networks ?? []
        return !networks.isEmpty && !networks.contains { $0.reservations[mac] != nil }
    }

    /// Has networks keep addresses for guests again.
    func restoreReservations(of guests: [VMStatus], with driver: any GuestDriver, on pm: PMID) async {
        for guest in guests where guest.state == .running && !guest.hasJob && lacksReservation(guest.vm, on: pm) {
            do throws(Failure) {
                let address = try await driver.reserveAddress(of: guest.vm)
                logger.warning(
                    "the network of a VM no longer kept its address, and keeps it again",
                    metadata: ["vm": "\(guest.vm.id)", "pm": "\(pm)", "address": "\(address?.address.canonical ?? "")"]
                )
            } catch {
                logger.warning(
                    "the network of a VM no longer keeps its address",
                    metadata: ["vm": "\(guest.vm.id)", "pm": "\(pm)", "error": "\(error)"]
                )
            }
        }
    }
}
