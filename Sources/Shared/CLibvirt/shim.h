// What Swift cannot import of libvirt: macros and a callback that is cast by kind.
#include <stddef.h>

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

/// virConnectDomainEventRegisterAny for VIR_DOMAIN_EVENT_ID_LIFECYCLE, whose callback has this type and no other.
static inline int hvc_register_lifecycle(
    virConnectPtr connection,
    virConnectDomainEventCallback callback,
    void *opaque,
    virFreeCallback release)
{
    return virConnectDomainEventRegisterAny(
        connection, NULL, VIR_DOMAIN_EVENT_ID_LIFECYCLE, VIR_DOMAIN_EVENT_CALLBACK(callback), opaque, release);
}
