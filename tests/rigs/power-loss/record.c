/* Preloaded into a program, this records every change of the files below
 * $RECORD_BELOW, in order, in $RECORD_LOG: a header of native integers, the path
 * and the bytes. Shared memory (names that end with -shm) is left out, since it
 * does not survive a power loss. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

struct record {
  char operation; /* W write, T truncate, B sync begins, E sync has ended */
  uint32_t path;  /* lengths in bytes */
  uint32_t data;
  uint64_t offset;
} __attribute__((packed));

static int log_fd(void) {
  static int fd = -1;
  const char *name = getenv("RECORD_LOG");
  if (fd < 0 && name) fd = open(name, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  return fd;
}

static int path_of(int fd, char *path, size_t size) {
  char link[64];
  const char *below = getenv("RECORD_BELOW");
  ssize_t length;
  if (!below) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  length = readlink(link, path, size - 1);
  if (length <= 0) return 0;
  path[length] = 0;
  if (strncmp(path, below, strlen(below)) != 0) return 0;
  return length < 4 || strcmp(path + length - 4, "-shm") != 0;
}

static void put(char operation, int fd, uint64_t offset, const void *data, size_t length) {
  char path[4096];
  struct record record;
  struct iovec parts[3];
  if (log_fd() < 0 || !path_of(fd, path, sizeof path)) return;
  record = (struct record){operation, strlen(path), data ? length : 0, offset};
  parts[0] = (struct iovec){&record, sizeof record};
  parts[1] = (struct iovec){path, record.path};
  parts[2] = (struct iovec){(void *)data, record.data};
  /* One call, so that records of several threads do not interleave. */
  if (writev(log_fd(), parts, 3) < 0) abort();
}

#define REAL(type, name, ...) \
  static type (*real)(__VA_ARGS__); \
  if (!real) real = (type(*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

/* A write is recorded before it happens: a power loss between the two keeps it or
 * not, and both are simulated. */
ssize_t pwrite(int fd, const void *data, size_t length, off_t offset) {
  REAL(ssize_t, "pwrite", int, const void *, size_t, off_t);
  put('W', fd, offset, data, length);
  return real(fd, data, length, offset);
}
ssize_t pwrite64(int fd, const void *data, size_t length, off64_t offset) {
  REAL(ssize_t, "pwrite64", int, const void *, size_t, off64_t);
  put('W', fd, offset, data, length);
  return real(fd, data, length, offset);
}
int ftruncate(int fd, off_t length) {
  REAL(int, "ftruncate", int, off_t);
  put('T', fd, length, NULL, 0);
  return real(fd, length);
}
int ftruncate64(int fd, off64_t length) {
  REAL(int, "ftruncate64", int, off64_t);
  put('T', fd, length, NULL, 0);
  return real(fd, length);
}

/* A sync guarantees only the writes that precede its beginning. */
int fsync(int fd) {
  int result;
  REAL(int, "fsync", int);
  put('B', fd, 0, NULL, 0);
  result = real(fd);
  put('E', fd, 0, NULL, 0);
  return result;
}
int fdatasync(int fd) {
  int result;
  REAL(int, "fdatasync", int);
  put('B', fd, 0, NULL, 0);
  result = real(fd);
  put('E', fd, 0, NULL, 0);
  return result;
}
