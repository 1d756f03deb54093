/* A stand-in for CUDA's driver: two GPUs of 80 GB that no child of a process that opened them can use.
 * It appends to the file of STAND_IN_LOG which process opens it, and which process forks after that. */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static pid_t opened_by;

static void note(const char *what) {
    char line[64];
    int log = open(getenv("STAND_IN_LOG"), O_WRONLY | O_CREAT | O_APPEND, 0600);
    int length = snprintf(line, sizeof line, "%s %d\n", what, (int)getpid());
    if (log < 0 || write(log, line, length) != length) abort();
    close(log);
}

static void before_fork(void) {
    if (opened_by) note("forked");
}

int cuInit(unsigned flags) {
    (void)flags;
    if (!opened_by) {
        opened_by = getpid();
        pthread_atfork(before_fork, NULL, NULL);
        note("opened");
    }
    return opened_by == getpid() ? 0 : 3; /* CUDA_ERROR_NOT_INITIALIZED, as in a real fork */
}

int cuDeviceGetCount(int *count) { *count = 2; return 0; }
int cuDeviceGet(int *device, int ordinal) { *device = ordinal; return 0; }
int cuDeviceGetName(char *name, int length, int device) {
    snprintf(name, length, "stand-in %d", device);
    return 0;
}
int cuDeviceGetPCIBusId(char *bus, int size, int device) { (void)size; (void)device; strcpy(bus, "0000:1B:00.0"); return 0; }
int cuDeviceTotalMem_v2(size_t *bytes, int device) { (void)device; *bytes = (size_t)80 << 30; return 0; }
int cuDevicePrimaryCtxRetain(void **context, int device) { (void)device; *context = &opened_by; return 0; }
int cuDevicePrimaryCtxRelease_v2(int device) { (void)device; return 0; }
int cuCtxPushCurrent_v2(void *context) { (void)context; return 0; }
int cuCtxPopCurrent_v2(void **context) { *context = &opened_by; return 0; }
int cuMemGetInfo_v2(size_t *free, size_t *total) { *free = *total = (size_t)80 << 30; return 0; }
