// hiredis' reply parser and command formatter; its own networking is not used.
#include <hiredis/hiredis.h>
