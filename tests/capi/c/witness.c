/*
 * Does what nothing of ours may do, to show that it is seen.
 *
 *   witness             asks for a name, connects to an address, writes into the user's folders
 *   witness LIBRARY N   makes an environment of this ONNX Runtime and waits N seconds
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* The beginning of OrtApiBase, and what is used of OrtApi: its fourth function. */
struct base {
    const void *(*api)(uint32_t version);
    const char *(*version)(void);
};
typedef struct base *(*get_base)(void);
typedef void *(*create_env)(int level, const char *name, void **env);
enum { API_VERSION = 24, CREATE_ENV = 3, WARNING = 2 };

static int make_environment(const char *library)
{
    void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL), *env = NULL;
    get_base base;
    create_env create;
    if (handle == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        return 1;
    }
    *(void **)&base = dlsym(handle, "OrtGetApiBase");
    memcpy(&create, (const char *)base()->api(API_VERSION) + CREATE_ENV * sizeof create,
           sizeof create);
    return create(WARNING, "witness", &env) != NULL;
}

static int leave_a_file(const char *folder)
{
    char path[4096];
    FILE *file;
    snprintf(path, sizeof path, "%s/witness", folder == NULL ? "." : folder);
    file = fopen(path, "w");
    return file == NULL || fclose(file) != 0;
}

int main(int argc, char **argv)
{
    struct addrinfo *found = NULL;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(443)};
    int stream = socket(AF_INET, SOCK_STREAM, 0);
    if (argc == 3) {
        const int failed = make_environment(argv[1]);
        sleep((unsigned)strtol(argv[2], NULL, 10));
        return failed;
    }
    if (getaddrinfo("witness.example", "443", NULL, &found) == 0)
        freeaddrinfo(found);
    inet_pton(AF_INET, "192.0.2.1", &address.sin_addr);
    if (connect(stream, (const struct sockaddr *)&address, sizeof address) == 0)
        close(stream);
    return leave_a_file(getenv("HOME")) + leave_a_file(getenv("XDG_CACHE_HOME")) +
           leave_a_file(getenv("TMPDIR")) + leave_a_file(NULL);
}
