#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "support/extension/fake_host.hpp"
#include "support/extension/loaded_extension.hpp"

namespace catalog::extension::testing {
namespace {

TEST(Query, IsPureAndRepeatable) {
    const LoadedExtension extension(CATALOG_EXTENSION_FILE);
    ASSERT_EQ(extension.problem(), "");
    const hmx_extension_api* first = nullptr;
    const hmx_extension_api* second = nullptr;
    EXPECT_EQ(extension.query()(HMX_ABI_MAJOR, HMX_ABI_MINOR, &first), HMX_OK);
    EXPECT_EQ(extension.query()(HMX_ABI_MAJOR, HMX_ABI_MINOR, &second), HMX_OK);
    EXPECT_EQ(first, second);
    EXPECT_EQ(first->struct_size, sizeof(hmx_extension_api));
    EXPECT_EQ(first->abi_major, HMX_ABI_MAJOR);
    EXPECT_EQ(first->abi_minor, HMX_ABI_MINOR);
}

TEST(Query, RefusesOtherVersionsAndNull) {
    const LoadedExtension extension(CATALOG_EXTENSION_FILE);
    ASSERT_EQ(extension.problem(), "");
    const hmx_extension_api* api = &extension.api();
    EXPECT_EQ(extension.query()(HMX_ABI_MAJOR + 1, 0, &api), HMX_E_ABI_MISMATCH);
    EXPECT_EQ(api, nullptr);
    EXPECT_EQ(extension.query()(HMX_ABI_MAJOR, HMX_ABI_MINOR + 1, &api), HMX_E_ABI_MISMATCH);
    EXPECT_EQ(extension.query()(HMX_ABI_MAJOR, HMX_ABI_MINOR, nullptr), HMX_E_INVALID_ARGUMENT);
}

/// The states that a host can hold an instance in, and how to get there.
enum class Held { kCreated, kRunning, kPaused, kStopped, kFailed };

constexpr Held kAllHeld[] = {Held::kCreated, Held::kRunning, Held::kPaused, Held::kStopped,
                             Held::kFailed};

struct Fixture {
    explicit Fixture(Held held)
        : settings(held == Held::kFailed ? R"({"create":false})" : ""),
          instance(extension.api(), nullptr, make_config(folder.path(), settings)) {
        EXPECT_EQ(instance.created(), HMX_OK) << instance.message();
        if (held == Held::kCreated) return;
        EXPECT_EQ(instance.start() == HMX_OK, held != Held::kFailed) << instance.message();
        if (held == Held::kPaused) {
            EXPECT_EQ(api().pause(instance.get(), nullptr), HMX_OK);
        }
        if (held == Held::kStopped) {
            EXPECT_EQ(instance.shutdown(), HMX_OK);
        }
    }
    [[nodiscard]] const hmx_extension_api& api() const { return extension.api(); }

    TemporaryFolder folder;
    LoadedExtension extension{CATALOG_EXTENSION_FILE};
    std::string settings;
    TestInstance instance;
};

TEST(LifeCycle, EveryStateIsReported) {
    const uint32_t expected[] = {HMX_STATE_CREATED, HMX_STATE_RUNNING, HMX_STATE_PAUSED,
                                 HMX_STATE_STOPPED, HMX_STATE_FAILED};
    for (std::size_t i = 0; i < std::size(kAllHeld); ++i) {
        const Fixture fixture(kAllHeld[i]);
        const hmx_status_report report = fixture.instance.status();
        EXPECT_EQ(report.state, expected[i]);
        EXPECT_EQ(report.health == HMX_HEALTH_UNHEALTHY, kAllHeld[i] == Held::kFailed);
        EXPECT_EQ(report.reason[0] != '\0', kAllHeld[i] == Held::kFailed) << report.reason;
        EXPECT_EQ(report.active_ops, 0u);
    }
}

/// One call, and what it answers in each of kAllHeld.
struct Row {
    const char* call;
    hmx_status (*make)(Fixture& fixture);
    hmx_status expected[std::size(kAllHeld)];
};

const hmx_status kNo = HMX_E_INVALID_STATE;

const Row kMatrix[] = {
    {"start", [](Fixture& f) { return f.instance.start(); }, {HMX_OK, kNo, kNo, kNo, kNo}},
    {"pause",
     [](Fixture& f) { return f.api().pause(f.instance.get(), nullptr); },
     {kNo, HMX_OK, kNo, kNo, kNo}},
    {"resume",
     [](Fixture& f) { return f.api().resume(f.instance.get(), nullptr); },
     {kNo, kNo, HMX_OK, kNo, kNo}},
    {"shutdown",
     [](Fixture& f) { return f.instance.shutdown(); },
     {kNo, HMX_OK, HMX_OK, kNo, HMX_OK}},
    {"destroy",
     [](Fixture& f) { return f.instance.destroy(); },
     {HMX_OK, kNo, kNo, HMX_OK, HMX_OK}},
    {"request",
     [](Fixture& f) { return f.instance.request("no.such.method").status; },
     {kNo, HMX_E_UNSUPPORTED, HMX_E_AGAIN, kNo, kNo}},
    {"request_async",
     [](Fixture& f) {
         Waiter waiter;
         const hmx_completion completion = waiter.completion();
         const hmx_status status = f.api().request_async(
             f.instance.get(), nullptr, text("no.such.method"), text("{}"), &completion, nullptr);
         return status == HMX_OK ? waiter.wait_one().status : status;
     },
     {kNo, HMX_E_UNSUPPORTED, HMX_E_AGAIN, kNo, kNo}},
    {"validate",
     [](Fixture& f) {
         hmx_buf report{};
         const hmx_status status = f.api().validate(f.instance.get(), nullptr, &report, nullptr);
         if (report.owner != nullptr) report.release(report.owner);
         return status;
     },
     {HMX_OK, HMX_OK, HMX_OK, HMX_OK, HMX_OK}},
    {"cancel",
     [](Fixture& f) { return f.api().cancel(f.instance.get(), 12345); },
     {HMX_E_NOT_FOUND, HMX_E_NOT_FOUND, HMX_E_NOT_FOUND, HMX_E_NOT_FOUND, HMX_E_NOT_FOUND}},
    {"get_interface",
     [](Fixture& f) {
         const hmx_iface* iface = nullptr;
         return f.api().get_interface(f.instance.get(), text("no.such.interface"), 0, &iface);
     },
     {HMX_E_NOT_FOUND, HMX_E_NOT_FOUND, HMX_E_NOT_FOUND, HMX_E_NOT_FOUND, HMX_E_NOT_FOUND}},
};

TEST(LifeCycle, EveryCallInEveryState) {
    for (const Row& row : kMatrix) {
        for (std::size_t i = 0; i < std::size(kAllHeld); ++i) {
            Fixture fixture(kAllHeld[i]);
            EXPECT_EQ(row.make(fixture), row.expected[i]) << row.call << " in state " << i;
        }
    }
}

TEST(LifeCycle, AFailedStartSaysWhy) {
    const Fixture fixture(Held::kFailed);
    EXPECT_NE(fixture.instance.message().find("library"), std::string::npos)
        << fixture.instance.message();
}

TEST(LifeCycle, ALibraryOutlivesItsInstance) {
    const LoadedExtension extension(CATALOG_EXTENSION_FILE);
    const TemporaryFolder folder;
    for (const char* settings : {"", R"({"create":false})", R"({"read_only":true})"}) {
        const std::string kept = settings;
        TestInstance instance(extension.api(), nullptr, make_config(folder.path(), kept));
        EXPECT_EQ(instance.start(), HMX_OK) << settings << " " << instance.message();
    }
}

TEST(LifeCycle, OneWriterAndManyReadersOfALibrary) {
    const LoadedExtension extension(CATALOG_EXTENSION_FILE);
    const TemporaryFolder folder;
    TestInstance writer(extension.api(), nullptr, make_config(folder.path()));
    ASSERT_EQ(writer.start(), HMX_OK);
    TestInstance second(extension.api(), nullptr,
                        make_config(folder.path(), R"({"lock_wait_ms":1})"));
    EXPECT_EQ(second.start(), HMX_E_BUSY) << second.message();
    TestInstance reader(extension.api(), nullptr,
                        make_config(folder.path(), R"({"read_only":true})"));
    EXPECT_EQ(reader.start(), HMX_OK) << reader.message();
}

TEST(LifeCycle, DestroyWaitsForWhatIsOut) {
    const LoadedExtension extension(CATALOG_EXTENSION_FILE);
    const TemporaryFolder folder;
    TestInstance instance(extension.api(), nullptr, make_config(folder.path()));
    ASSERT_EQ(instance.start(), HMX_OK);
    hmx_buf first{};
    hmx_buf second{};
    EXPECT_NE(
        extension.api().request(instance.get(), nullptr, text("x"), text(""), &first, nullptr),
        HMX_OK);
    EXPECT_EQ(extension.api().validate(instance.get(), nullptr, &second, nullptr), HMX_OK);
    EXPECT_EQ(instance.status().outstanding_objects, 2u);
    ASSERT_EQ(instance.shutdown(), HMX_OK);
    EXPECT_EQ(instance.destroy(), HMX_E_BUSY);
    EXPECT_NE(instance.message().find("2 objects"), std::string::npos) << instance.message();
    first.release(first.owner);
    EXPECT_EQ(instance.destroy(), HMX_E_BUSY);
    second.release(second.owner);
    EXPECT_EQ(instance.destroy(), HMX_OK);
}

TEST(LifeCycle, AChildOfForkIsRefusedEverywhere) {
    const LoadedExtension extension(CATALOG_EXTENSION_FILE);
    const TemporaryFolder folder;
    TestInstance instance(extension.api(), nullptr, make_config(folder.path()));
    ASSERT_EQ(instance.start(), HMX_OK);
    const hmx_config config = make_config(folder.path());
    const hmx_extension_api& api = extension.api();
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        Waiter waiter;
        const hmx_completion completion = waiter.completion();
        hmx_instance* made = nullptr;
        hmx_buf buffer{};
        hmx_status_report report{};
        report.struct_size = sizeof(report);
        const hmx_iface* iface = nullptr;
        const hmx_status answers[] = {
            api.create(nullptr, &config, &made, nullptr),
            api.start(instance.get(), nullptr, &completion, nullptr),
            api.pause(instance.get(), nullptr),
            api.resume(instance.get(), nullptr),
            api.shutdown(instance.get(), 0, &completion, nullptr),
            api.destroy(instance.get(), nullptr),
            api.status(instance.get(), &report),
            api.validate(instance.get(), nullptr, &buffer, nullptr),
            api.get_interface(instance.get(), text("x"), 0, &iface),
            api.request(instance.get(), nullptr, text("x"), text(""), &buffer, nullptr),
            api.request_async(instance.get(), nullptr, text("x"), text(""), &completion, nullptr),
            api.cancel(instance.get(), 1),
        };
        int wrong = 0;
        for (const hmx_status answer : answers) wrong += answer == HMX_E_FORKED ? 0 : 1;
        _exit(wrong);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 0) << "calls that did not say HMX_E_FORKED";
    EXPECT_EQ(instance.status().state, static_cast<uint32_t>(HMX_STATE_RUNNING))
        << "the parent goes on";
}

}  // namespace
}  // namespace catalog::extension::testing
