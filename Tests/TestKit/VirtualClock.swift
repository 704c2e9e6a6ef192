import Foundation

/// A clock of the day that stands still until a test sets it, for a program that runs beside; its steady clocks go on.
package struct VirtualClock: Sendable {
    private let library: PreloadedLibrary
    private let directory: TemporaryDirectory
    private let file: FileHandle

    /// The time is the microseconds at the beginning of a file, which the program maps.
    private static let source = """
        #define _GNU_SOURCE
        #include <fcntl.h>
        #include <stdint.h>
        #include <stdlib.h>
        #include <sys/mman.h>
        #include <sys/syscall.h>
        #include <sys/time.h>
        #include <time.h>
        #include <unistd.h>
        static volatile int64_t *shown;
        __attribute__((constructor)) static void map(void) {
          int file = open(getenv("CLOCK_FILE"), O_RDONLY);
          shown = mmap(0, 8, PROT_READ, MAP_SHARED, file, 0);
          close(file);
        }
        int clock_gettime(clockid_t id, struct timespec *t) {
          if (!shown || (id != CLOCK_REALTIME && id != CLOCK_REALTIME_COARSE)) return syscall(SYS_clock_gettime, id, t);
          t->tv_sec = *shown / 1000000;
          t->tv_nsec = *shown % 1000000 * 1000;
          return 0;
        }
        int gettimeofday(struct timeval *v, void *zone) {
          struct timespec t;
          int status = clock_gettime(CLOCK_REALTIME, &t);
          v->tv_sec = t.tv_sec;
          v->tv_usec = t.tv_nsec / 1000;
          return status;
        }
        time_t time(time_t *to) {
          struct timespec t;
          clock_gettime(CLOCK_REALTIME, &t);
          if (to) *to = t.tv_sec;
          return t.tv_sec;
        }
        """

    /// Makes a clock.
    ///
    /// - Parameter microseconds: what it shows, since 1970.
    /// - Throws: ``TestKitError`` where it cannot be built.
    package init(microseconds: Int) async throws {
        library = try await PreloadedLibrary(source: Self.source)
        directory = try TemporaryDirectory()
        let path = directory.file("clock")
        try Data().write(to: URL(filePath: path))
        guard let file = FileHandle(forUpdatingAtPath: path) else { throw TestKitError("\(path) cannot be written") }
        self.file = file
        try show(microseconds: microseconds)
    }

    /// Sets it.
    package func show(microseconds: Int) throws {
        try file.seek(toOffset: 0)
        try file.write(contentsOf: withUnsafeBytes(of: Int64(microseconds)) { Data($0) })
    }

    /// The environment of a program that goes by it.
    package var environment: [String: String] {
        ["LD_PRELOAD": library.path, "CLOCK_FILE": directory.file("clock")]
    }
}
