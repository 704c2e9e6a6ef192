// The libvirt calls that a create needs, from a plain loop.
//
// Usage: create URI COUNT THREADS [act-first] [event-loop]
//
// Prints the seconds that each create took, one a line, and at the end "rate CREATES_A_SECOND". What was created is
// removed afterwards, outside the measured time. Threads share one connection. With `event-loop` a thread runs libvirt's event
// loop and the connection has keepalive, as in the worker, which notices dead machines by them; then each call wakes that
// thread several times.
//
// A loop that looks before each act, for an image that is on the PM and a connection that is open, makes 26 calls:
//
//   image    virStoragePoolLookupByName, virStoragePoolIsActive,
//            virStorageVolLookupByName (marker), virStorageVolLookupByName (image), virStorageVolGetInfo
//   disk     the same five again, virStorageVolGetPath (image),
//            virStorageVolLookupByName (disk: none), virStorageVolCreateXML
//   domain   virDomainLookupByUUID (none), virDomainLookupByName (none),
//            virStoragePoolLookupByName, virStoragePoolIsActive, virStorageVolLookupByName (disk),
//            virStorageVolGetPath (disk), virNetworkLookupByName, virNetworkIsActive, virDomainDefineXMLFlags
//   start    virDomainLookupByUUID, virDomainGetMetadata, virDomainGetState, virDomainCreate (two calls)
//
// With `act-first` it makes the nine that the worker makes (Sources/Worker/Drivers/Libvirt), which keeps handles:
//
//   network  virNetworkIsActive
//   image    virStorageVolGetInfo
//   disk     virStorageVolGetInfo (image), virStorageVolCreateXML
//   domain   virDomainLookupByUUID (none), virStorageVolLookupByName (disk), virDomainDefineXMLFlags
//   start    virDomainLookupByUUID, virDomainCreateWithFlags
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#define POOL "default-pool"
#define IMAGE "benchmark-image.raw"
#define MARKER IMAGE ".ready"
#define NAMESPACE "https://hypervisor-coordinator.org/xmlns/vm/1"

struct vm {
    unsigned char uuid[VIR_UUID_BUFLEN];
    char uuid_text[VIR_UUID_STRING_BUFLEN];
    char name[64];
    char disk[80];
    double seconds;
};

// What is looked up once.
struct known {
    virStoragePoolPtr pool;
    virStorageVolPtr image;
    virNetworkPtr network;
    char *path;
};

struct share {
    pthread_t thread;
    virConnectPtr connection;
    const struct known *known;
    struct vm *vms;
    int count;
};

static const char *disk_xml =
    "<volume><name>%s</name><capacity unit=\"bytes\">%lld</capacity><allocation unit=\"bytes\">0</allocation>"
    "<target><format type=\"%s\"/></target>%s%s%s</volume>";

static const char *domain_xml =
    "<domain type=\"test\"><name>%s</name><uuid>%s</uuid><title>bench</title>"
    "<metadata><hvc:vm xmlns:hvc=\"" NAMESPACE "\" id=\"1\" uuid=\"%s\" name=\"bench\" type=\"1\" image=\"100\""
    " cpu=\"1\" ram=\"64\" disk=\"1\"/></metadata>"
    "<memory unit=\"MiB\">64</memory><vcpu>1</vcpu>"
    "<os><type arch=\"i686\">hvm</type><boot dev=\"hd\"/></os><features><acpi/></features>"
    "<on_poweroff>destroy</on_poweroff><on_reboot>restart</on_reboot><on_crash>destroy</on_crash><devices>"
    "<disk type=\"file\" device=\"disk\"><driver name=\"qemu\" type=\"qcow2\"/><source file=\"%s\"/>"
    "<target dev=\"vda\" bus=\"virtio\"/></disk>"
    "<interface type=\"network\"><source network=\"default\"/><model type=\"virtio\"/></interface>"
    "<serial type=\"pty\"><log file=\"/var/log/libvirt/qemu/%s-console.log\" append=\"on\"/><target port=\"0\"/></serial>"
    "<console type=\"pty\"><target type=\"serial\" port=\"0\"/></console><memballoon model=\"virtio\"/>"
    "</devices></domain>";

// Ends the program with libvirt's reason where a call did not succeed.
static void must(int succeeded, const char *call) {
    if (succeeded) return;
    fprintf(stderr, "create: %s: %s\n", call, virGetLastErrorMessage());
    exit(1);
}

static void quiet(void *data, virErrorPtr error) { (void)data, (void)error; }

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static virStoragePoolPtr started_pool(virConnectPtr connection) {
    virStoragePoolPtr pool = virStoragePoolLookupByName(connection, POOL);
    must(pool != NULL, "virStoragePoolLookupByName");
    must(virStoragePoolIsActive(pool) == 1, "virStoragePoolIsActive");
    return pool;
}

static virStorageVolPtr volume(virStoragePoolPtr pool, const char *name) {
    virStorageVolPtr found = virStorageVolLookupByName(pool, name);
    must(found != NULL, "virStorageVolLookupByName");
    return found;
}

static virStorageVolPtr make_volume(
    virStoragePoolPtr pool, const char *name, long long bytes, const char *format, const char *backing
) {
    char xml[1024];
    const char *before = backing ? "<backingStore><path>" : "";
    const char *behind = backing ? "</path><format type=\"raw\"/></backingStore>" : "";
    snprintf(xml, sizeof xml, disk_xml, name, bytes, format, before, backing ? backing : "", behind);
    virStorageVolPtr made = virStorageVolCreateXML(pool, xml, 0);
    must(made != NULL, "virStorageVolCreateXML");
    return made;
}

static virStorageVolPtr image_copy(virStoragePoolPtr pool) {
    virStorageVolInfo info;
    virStorageVolFree(volume(pool, MARKER));
    virStorageVolPtr image = volume(pool, IMAGE);
    must(virStorageVolGetInfo(image, &info) == 0, "virStorageVolGetInfo");
    return image;
}

static void ensure_image(virConnectPtr connection) {
    virStoragePoolPtr pool = started_pool(connection);
    virStorageVolFree(image_copy(pool));
    virStoragePoolFree(pool);
}

static void ensure_disk(virConnectPtr connection, const struct vm *vm) {
    virStoragePoolPtr pool = started_pool(connection);
    virStorageVolPtr image = image_copy(pool);
    char *path = virStorageVolGetPath(image);
    must(path != NULL, "virStorageVolGetPath");
    must(virStorageVolLookupByName(pool, vm->disk) == NULL, "a disk of this name is there");
    virStorageVolFree(make_volume(pool, vm->disk, 1LL << 30, "qcow2", path));
    free(path);
    virStorageVolFree(image);
    virStoragePoolFree(pool);
}

static void define(virConnectPtr connection, const struct vm *vm, const char *path) {
    char xml[4096];
    snprintf(xml, sizeof xml, domain_xml, vm->name, vm->uuid_text, vm->uuid_text, path, vm->name);
    virDomainPtr domain = virDomainDefineXMLFlags(connection, xml, 0);
    must(domain != NULL, "virDomainDefineXMLFlags");
    virDomainFree(domain);
}

static void ensure_defined(virConnectPtr connection, const struct vm *vm) {
    must(virDomainLookupByUUID(connection, vm->uuid) == NULL, "a domain of this UUID is there");
    must(virDomainLookupByName(connection, vm->name) == NULL, "a domain of this name is there");
    virStoragePoolPtr pool = started_pool(connection);
    virStorageVolPtr disk = volume(pool, vm->disk);
    char *path = virStorageVolGetPath(disk);
    must(path != NULL, "virStorageVolGetPath");
    virNetworkPtr network = virNetworkLookupByName(connection, "default");
    must(network != NULL, "virNetworkLookupByName");
    must(virNetworkIsActive(network) == 1, "virNetworkIsActive");
    define(connection, vm, path);
    virNetworkFree(network);
    free(path);
    virStorageVolFree(disk);
    virStoragePoolFree(pool);
}

static void ensure_running(virConnectPtr connection, const struct vm *vm) {
    virDomainPtr domain = virDomainLookupByUUID(connection, vm->uuid);
    must(domain != NULL, "virDomainLookupByUUID");
    char *record = virDomainGetMetadata(domain, VIR_DOMAIN_METADATA_ELEMENT, NAMESPACE, 0);
    must(record != NULL, "virDomainGetMetadata");
    int state, reason;
    must(virDomainGetState(domain, &state, &reason, 0) == 0, "virDomainGetState");
    must(virDomainCreate(domain) == 0, "virDomainCreate");
    free(record);
    virDomainFree(domain);
}

static void look_first(virConnectPtr connection, const struct vm *vm) {
    ensure_image(connection);
    ensure_disk(connection, vm);
    ensure_defined(connection, vm);
    ensure_running(connection, vm);
}

static void act_first(virConnectPtr connection, const struct vm *vm, const struct known *known) {
    virStorageVolInfo info;
    must(virNetworkIsActive(known->network) == 1, "virNetworkIsActive");
    must(virStorageVolGetInfo(known->image, &info) == 0, "virStorageVolGetInfo");
    must(virStorageVolGetInfo(known->image, &info) == 0, "virStorageVolGetInfo");
    virStorageVolFree(make_volume(known->pool, vm->disk, 1LL << 30, "qcow2", known->path));
    must(virDomainLookupByUUID(connection, vm->uuid) == NULL, "a domain of this UUID is there");
    virStorageVolFree(volume(known->pool, vm->disk));
    char path[128];
    snprintf(path, sizeof path, "/default-pool/%s", vm->disk);
    define(connection, vm, path);
    virDomainPtr domain = virDomainLookupByUUID(connection, vm->uuid);
    must(domain != NULL, "virDomainLookupByUUID");
    must(virDomainCreateWithFlags(domain, 0) == 0, "virDomainCreateWithFlags");
    virDomainFree(domain);
}

static void *create_share(void *argument) {
    struct share *share = argument;
    for (int i = 0; i < share->count; i++) {
        struct vm *vm = &share->vms[i];
        double began = now();
        if (share->known) act_first(share->connection, vm, share->known);
        else look_first(share->connection, vm);
        vm->seconds = now() - began;
    }
    return NULL;
}

static void remove_vm(virConnectPtr connection, virStoragePoolPtr pool, const struct vm *vm) {
    virDomainPtr domain = virDomainLookupByUUID(connection, vm->uuid);
    must(domain != NULL && virDomainDestroy(domain) == 0, "virDomainDestroy");
    must(virDomainUndefine(domain) == 0, "virDomainUndefine");
    virDomainFree(domain);
    virStorageVolPtr disk = volume(pool, vm->disk);
    must(virStorageVolDelete(disk, 0) == 0, "virStorageVolDelete");
    virStorageVolFree(disk);
}

// A random UUID (RFC 9562, version 4), and the names that follow from it, as the worker has them.
static void name_vm(struct vm *vm, int number) {
    unsigned char *u = vm->uuid;
    must(getrandom(u, VIR_UUID_BUFLEN, 0) == VIR_UUID_BUFLEN, "getrandom");
    u[6] = (unsigned char)((u[6] & 0x0f) | 0x40);
    u[8] = (unsigned char)((u[8] & 0x3f) | 0x80);
    snprintf(
        vm->uuid_text, sizeof vm->uuid_text, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
        u[0], u[1], u[2], u[3], u[4], u[5], u[6], u[7], u[8], u[9], u[10], u[11], u[12], u[13], u[14], u[15]
    );
    snprintf(vm->name, sizeof vm->name, "benchmark-%d-%.8s", number, vm->uuid_text);
    snprintf(vm->disk, sizeof vm->disk, "%s.qcow2", vm->name);
}

static double create_all(
    virConnectPtr connection, const struct known *known, struct vm *vms, int count, int threads
) {
    struct share shares[threads];
    double began = now();
    for (int i = 0; i < threads; i++) {
        int first = count * i / threads, end = count * (i + 1) / threads;
        shares[i] = (struct share){.connection = connection, .known = known, .vms = vms + first, .count = end - first};
        must(pthread_create(&shares[i].thread, NULL, create_share, &shares[i]) == 0, "pthread_create");
    }
    for (int i = 0; i < threads; i++) pthread_join(shares[i].thread, NULL);
    return now() - began;
}

static void *run_events(void *none) {
    while (virEventRunDefaultImpl() == 0) continue;
    return none;
}

static virConnectPtr open_connection(const char *uri, int has_events) {
    pthread_t thread;
    virSetErrorFunc(NULL, quiet);
    if (has_events) {
        must(virEventRegisterDefaultImpl() == 0, "virEventRegisterDefaultImpl");
        must(pthread_create(&thread, NULL, run_events, NULL) == 0, "pthread_create");
    }
    virConnectPtr connection = virConnectOpen(uri);
    must(connection != NULL, "virConnectOpen");
    if (has_events) must(virConnectSetKeepAlive(connection, 5, 3) == 0, "virConnectSetKeepAlive");
    return connection;
}

int main(int argc, char **argv) {
    int has_events = 0, acts_first = 0, is_call = argc >= 4;
    for (int i = 4; i < argc; i++) {
        if (strcmp(argv[i], "event-loop") == 0) has_events = 1;
        else if (strcmp(argv[i], "act-first") == 0) acts_first = 1;
        else is_call = 0;
    }
    int count = is_call ? atoi(argv[2]) : 0, threads = is_call ? atoi(argv[3]) : 0;
    if (count < 1 || threads < 1 || threads > 64) {
        fprintf(stderr, "Usage: create URI COUNT THREADS [act-first] [event-loop]\n");
        return 2;
    }
    virConnectPtr connection = open_connection(argv[1], has_events);
    virStoragePoolPtr pool = started_pool(connection);
    virStorageVolPtr image = make_volume(pool, IMAGE, 1 << 20, "raw", NULL);
    virStorageVolPtr marker = make_volume(pool, MARKER, 0, "raw", NULL);
    struct known known = {
        .pool = pool, .image = image, .path = virStorageVolGetPath(image),
        .network = virNetworkLookupByName(connection, "default")
    };
    must(known.path != NULL && known.network != NULL, "what is looked up once");
    struct vm *vms = calloc((size_t)count, sizeof *vms);
    must(vms != NULL, "calloc");
    for (int i = 0; i < count; i++) name_vm(&vms[i], i + 1);

    double took = create_all(connection, acts_first ? &known : NULL, vms, count, threads);

    for (int i = 0; i < count; i++) printf("%.6f\n", vms[i].seconds);
    printf("rate %.3f\n", count / took);
    for (int i = 0; i < count; i++) remove_vm(connection, pool, &vms[i]);
    must(virStorageVolDelete(marker, 0) == 0 && virStorageVolDelete(image, 0) == 0, "virStorageVolDelete");
    virNetworkFree(known.network);
    free(known.path);
    virStorageVolFree(marker);
    virStorageVolFree(image);
    virStoragePoolFree(pool);
    virConnectClose(connection);
    free(vms);
    return 0;
}
