/// One PM's hypervisor, as jobs and discovery need it: a port with a driver for libvirt and one that simulates.
///
/// Every operation is safe to repeat: it finds what an earlier run made, by the VM's UUID and by names that follow from it.
/// Every operation ends within its deadline or is cancelled with its task, and throws `Failure`.
protocol Hypervisor: DomainDriver, StorageDriver, NetworkDriver, GuestDriver, ConsoleDriver, InventoryDriver,
    EventDriver
{}
