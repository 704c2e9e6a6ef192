// libxml2's parser and document tree.
#include <libxml/parser.h>
#include <libxml/tree.h>

// libxml2's xmlFree is a variable, which Swift does not take for safe to read.
static inline void hvc_xml_free(void *memory) { xmlFree(memory); }
