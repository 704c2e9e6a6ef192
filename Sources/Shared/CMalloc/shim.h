// What the C library's heap holds, and giving it back: not part of the Glibc module.
#include <malloc.h>
