// A C11 host: loads the extension by its path, publishes a package with a request in JSON, looks at
// it with a typed call, and shuts down.
//
//   host_c EXTENSION.so DATA_DIR PROJECT_DIR     all absolute; PROJECT_DIR holds a catalog.toml
//
// It offers no services: the extension brings a default for each.
#include <catalog/abi/library.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

// What a completion tells the thread that waits for it.
typedef struct waiter {
    pthread_mutex_t mutex;
    pthread_cond_t ready;
    int done;
    hmx_status status;
    hmx_error error;
} waiter;

static hmx_str str(const char* text) {
    const hmx_str view = {text, strlen(text)};
    return view;
}

// Runs on a thread of the extension. `error` lives only during the call: what is needed is copied.
static void on_done(void* user, hmx_op op, hmx_status status, const void* result,
                    const hmx_error* error) {
    waiter* w = user;
    (void)op;
    (void)result;
    pthread_mutex_lock(&w->mutex);
    w->status = status;
    if (error != NULL) w->error = *error;
    w->done = 1;
    pthread_cond_signal(&w->ready);
    pthread_mutex_unlock(&w->mutex);
}

// An asynchronous call that was refused never completes; one that was admitted completes once.
static hmx_status wait_for(waiter* w, hmx_status admitted) {
    if (admitted != HMX_OK) return admitted;
    pthread_mutex_lock(&w->mutex);
    while (!w->done) pthread_cond_wait(&w->ready, &w->mutex);
    pthread_mutex_unlock(&w->mutex);
    return w->status;
}

static hmx_status no_service(const hmx_host* host, hmx_str id, uint32_t min_version,
                             const hmx_iface** out) {
    (void)host;
    (void)id;
    (void)min_version;
    *out = NULL;
    return HMX_E_NOT_FOUND;
}

static int failed(const char* step, hmx_status status, const hmx_error* error) {
    fprintf(stderr, "host_c: %s: status %d: %s\n", step, (int)status, error->message);
    return 1;
}

// Starts or shuts down, and waits for the end.
static int change(const char* step, const hmx_extension_api* api, hmx_instance* instance) {
    waiter w = {.mutex = PTHREAD_MUTEX_INITIALIZER, .ready = PTHREAD_COND_INITIALIZER};
    const hmx_completion completion = {on_done, NULL, &w};
    hmx_op op = 0;
    const hmx_status admitted = strcmp(step, "start") == 0
                                    ? api->start(instance, NULL, &completion, &op)
                                    : api->shutdown(instance, 0, &completion, &op);
    const hmx_status status = wait_for(&w, admitted);
    return status == HMX_OK ? 0 : failed(step, status, &w.error);
}

// Everything except content may be asked in JSON. The answer is an envelope, given for failures
// too.
static int publish(const hmx_extension_api* api, hmx_instance* instance, const char* project) {
    hmx_error error = {.struct_size = sizeof error};
    hmx_buf answer = {0};
    char params[4096];
    const int size = snprintf(params, sizeof params, "{\"path\":\"%s\"}", project);
    if (size < 0 || (size_t)size >= sizeof params || strpbrk(project, "\"\\") != NULL) {
        fprintf(stderr, "host_c: this path is not for JSON: %s\n", project);
        return 1;
    }
    const hmx_status status =
        api->request(instance, NULL, str("publish_package"), str(params), &answer, &error);
    if (answer.data != NULL) printf("%.*s\n", (int)answer.size, (const char*)answer.data);
    if (answer.owner != NULL) answer.release(answer.owner);
    return status == HMX_OK ? 0 : failed("publish_package", status, &error);
}

// Calls that are made often have a typed form. A package stays as it is until it is released.
static int show(const hmx_extension_api* api, hmx_instance* instance, const char* id) {
    const hmx_iface* iface = NULL;
    hmx_error error = {.struct_size = sizeof error};
    hmx_status status =
        api->get_interface(instance, str(CAT_LIBRARY_INTERFACE), CAT_LIBRARY_VERSION, &iface);
    if (status != HMX_OK) return failed("get_interface", status, &error);
    const cat_library_api* library = (const cat_library_api*)iface;
    cat_package package = {.struct_size = sizeof package};
    status = library->get_package(instance, NULL, str(id), str(""), &package, &error);
    if (status != HMX_OK) return failed("get_package", status, &error);
    printf("%.*s: %.*s, %llu bytes\n", (int)package.id.size, package.id.data,
           (int)package.description.size, package.description.data,
           (unsigned long long)package.size_bytes);
    if (package.owner != NULL) package.release(package.owner);
    return 0;
}

static int run(const hmx_extension_api* api, const char* data_dir, const char* project) {
    const hmx_host host = {.struct_size = sizeof host,
                           .abi_major = HMX_ABI_MAJOR,
                           .abi_minor = HMX_ABI_MINOR,
                           .name = {"host_c", 6},
                           .get_service = no_service};
    // Publishing reads a folder outside data_dir, so the request needs access to files.
    const hmx_config config = {
        .struct_size = sizeof config,
        .data_dir = str(data_dir),
        .granted_caps = 1u << HMX_CAP_ASSET_MANAGEMENT | 1u << HMX_CAP_FILESYSTEM_ACCESS,
        .limits = {.struct_size = sizeof config.limits}};
    hmx_instance* instance = NULL;
    hmx_error error = {.struct_size = sizeof error};
    hmx_status status = api->create(&host, &config, &instance, &error);
    if (status != HMX_OK) return failed("create", status, &error);
    int code = change("start", api, instance);
    if (code == 0) code = publish(api, instance, project);
    if (code == 0) code = show(api, instance, "acme/hello");
    code |= change("shutdown", api, instance);  // after a failed start too
    status = api->destroy(instance, &error);
    return status == HMX_OK ? code : failed("destroy", status, &error);
}

int main(int argc, char** argv) {
    if (argc != 4) {
        fprintf(stderr, "usage: host_c EXTENSION.so DATA_DIR PROJECT_DIR\n");
        return 2;
    }
    void* library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
    hmx_query_fn query = NULL;
    void* symbol = library != NULL ? dlsym(library, HMX_ENTRY_SYMBOL) : NULL;
    if (symbol == NULL) {
        fprintf(stderr, "host_c: %s\n", dlerror());
        return 1;
    }
    memcpy(&query, &symbol, sizeof query);  // ISO C has no cast from data to functions
    const hmx_extension_api* api = NULL;
    const hmx_status status = query(HMX_ABI_MAJOR, HMX_ABI_MINOR, &api);
    if (status != HMX_OK) {
        fprintf(stderr, "host_c: the extension serves another interface (status %d)\n",
                (int)status);
        return 1;
    }
    printf("%.*s %.*s\n", (int)api->metadata->name.size, api->metadata->name.data,
           (int)api->metadata->version.size, api->metadata->version.data);
    const int code = run(api, argv[2], argv[3]);
    dlclose(library);
    if (code == 0) printf("stopped\n");
    return code;
}
