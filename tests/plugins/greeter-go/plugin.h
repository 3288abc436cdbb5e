/* The functions of the host, which Go cannot call through their pointers. */
#include "kt_plugin.h"

kt_status host_emit(const kt_context *context, uint32_t kind, char *json, size_t len);
void host_fail(const kt_context *context, char *json, size_t len);
int32_t host_cancelled(const kt_context *context);
intptr_t host_cancel_fd(const kt_context *context);
void fault(void);
