/// Makes a program's clock of the day wrong, and leaves its steady clocks and the times of files right.
package struct ShiftedClock {
    private let library: PreloadedLibrary

    /// Interposes on what reads the clock of the day (ld.so(8), LD_PRELOAD).
    private static let source = """
        #define _GNU_SOURCE
        #include <stdlib.h>
        #include <sys/syscall.h>
        #include <sys/time.h>
        #include <time.h>
        #include <unistd.h>
        int clock_gettime(clockid_t id, struct timespec *t) {
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

    /// Builds the library with the C compiler, which Swift needs anyway.
    package init() async throws {
        library = try await PreloadedLibrary(source: Self.source)
    }

    /// The environment of a program whose clock is to be off.
    ///
    /// - Parameter seconds: by how much, ahead where positive.
    /// - Returns: the variables.
    package func environment(off seconds: Int) -> [String: String] {
        ["LD_PRELOAD": library.path, "CLOCK_SHIFT_S": String(seconds)]
    }
}
