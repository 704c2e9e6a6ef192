import Foundation
import NIOConcurrencyHelpers

/// What a program loads so that its clock of the day is another one, built once for all tests of a process.
///
/// With `CLOCK_FILE` it stands still at the microseconds at the beginning of that file, which the program maps; with
/// `CLOCK_SHIFT_S` it is off by so many seconds.
enum ClockLibrary {
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
          if (!getenv("CLOCK_FILE")) return;
          int file = open(getenv("CLOCK_FILE"), O_RDONLY);
          shown = mmap(0, 8, PROT_READ, MAP_SHARED, file, 0);
          close(file);
        }
        int clock_gettime(clockid_t id, struct timespec *t) {
          if (shown && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)) {
            t->tv_sec = *shown / 1000000;
            t->tv_nsec = *shown % 1000000 * 1000;
            return 0;
          }
          int status = syscall(SYS_clock_gettime, id, t);
          const char *shift = getenv("CLOCK_SHIFT_S");
          if (status == 0 && shift && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)) t->tv_sec += atol(shift);
          return status;
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

    private static let kept = NIOLockedValueBox<PreloadedLibrary?>(nil)
    private static let built = Task {
        let library = try await PreloadedLibrary(source: source)
        kept.withLockedValue { $0 = library }
        atexit { ClockLibrary.remove() }
        return library.path
    }

    /// For `LD_PRELOAD`.
    static func path() async throws -> String { try await built.value }

    private static func remove() { kept.withLockedValue { $0 = nil } }
}
