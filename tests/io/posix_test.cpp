// What only the machine's file system has: other processes, descriptors, errno, odd files.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>

#include "support/io/safe_directory_contract.hpp"
#include "support/io/temporary_folder.hpp"
#include "system_call_faults.hpp"

namespace catalog::io::testing {
namespace {

std::string content(FileSystem& fs, const std::string& path) {
    return must(read_file(fs, path, 1u << 24));
}

// The safe paths again, with openat2 refused as old kernels and old sandboxes do.
FileSystemUnderTest posix_without_openat2(int error) {
    auto scope = std::make_shared<FaultScope>();
    (*scope)->openat2_error = error;
    auto folder = std::make_shared<TemporaryFolder>();
    auto keep = std::make_shared<std::pair<decltype(scope), decltype(folder)>>(scope, folder);
    return {make_posix_file_system(), folder->path(), keep};
}

INSTANTIATE_TEST_SUITE_P(
    WithoutOpenat2, SafeDirectoryContract,
    ::testing::Values(
        FileSystemFactory{"KernelHasNone", [] { return posix_without_openat2(ENOSYS); }},
        FileSystemFactory{"SandboxForbids", [] { return posix_without_openat2(EPERM); }}),
    factory_name);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(FileSystemContract);

TEST(PosixOpenat2, IsUsedWhereItExists) {
    const FaultScope faults;
    const TemporaryFolder folder;
    const auto root = must(make_posix_file_system()->open_directory(folder.path()));
    EXPECT_EQ(code_of(root->open_read("f")), Errc::kFileNotFound);
    EXPECT_EQ(faults->openat2_calls, 1);
}

TEST(PosixOpenat2, IsNotAskedAgainWhenTheKernelHasNone) {
    const FaultScope faults;
    faults->openat2_error = ENOSYS;
    const TemporaryFolder folder;
    const auto root = must(make_posix_file_system()->open_directory(folder.path()));
    for (int i = 0; i < 3; ++i) EXPECT_EQ(code_of(root->open_read("f")), Errc::kFileNotFound);
    EXPECT_EQ(faults->openat2_calls, 1);
}

TEST(PosixOpenat2, IsNeverAskedByComponents) {
    const FaultScope faults;
    PosixOptions options;
    options.safe_path_method = SafePathMethod::kComponents;
    const TemporaryFolder folder;
    const auto root = must(make_posix_file_system(options)->open_directory(folder.path()));
    must(root->make_directories("a/b"));
    EXPECT_EQ(code_of(root->open_read("a/b/f")), Errc::kFileNotFound);
    EXPECT_EQ(faults->openat2_calls, 0);
}

// Calls that stop short, are interrupted or fail.

TEST(PosixCalls, ShortAndInterruptedCallsAreContinued) {
    const FaultScope faults;
    faults->bytes_a_call = 7;
    faults->interrupt = true;
    const TemporaryFolder folder;
    const auto fs = make_posix_file_system();
    std::string text;
    for (int i = 0; i < 300; ++i) text += std::to_string(i);
    must(write_file_durably(*fs, folder / "f", as_bytes(text)));
    EXPECT_EQ(content(*fs, folder / "f"), text);
    const auto root = must(fs->open_directory(folder.path()));
    must(must(root->create_file("g", 0644))->write_at(5, as_bytes(text)));
    EXPECT_EQ(content(*fs, folder / "g"), std::string(5, '\0') + text);
    must(root->sync(""));
}

TEST(OpenFiles, CountsWhatIsHeldOpenAndRefusesOneMore) {
    const TemporaryFolder folder;
    PosixOptions options;
    options.open_files = std::make_shared<OpenFiles>(4);
    const OpenFiles& open = *options.open_files;
    const auto fs = make_posix_file_system(options);
    {
        const auto lock = must(fs->try_lock(folder / "LOCK"));
        auto root = must(fs->open_directory(folder.path()));
        auto below = must(root->create_file("a", 0644));
        must(below->append(as_bytes("text")));
        EXPECT_EQ(open.open(), 3u);
        auto file = must(fs->open_read(folder / "a"));
        EXPECT_EQ(open.open(), 4u);
        EXPECT_EQ(code_of(fs->open_read(folder / "a")), Errc::kTooManyOpenFiles);
        EXPECT_EQ(code_of(root->open_read("a")), Errc::kTooManyOpenFiles);
        EXPECT_EQ(code_of(root->create_file("b", 0644)), Errc::kTooManyOpenFiles);
        EXPECT_FALSE(must(exists(*fs, folder / "b"))) << "refused before anything was made";
        EXPECT_EQ(open.open(), 4u) << "what was refused does not count";
        must(below->close());
        EXPECT_EQ(open.open(), 3u) << "closed, though the object lives";
        EXPECT_EQ(code_of(fs->open_read(folder / "missing")), Errc::kFileNotFound);
        EXPECT_EQ(open.open(), 3u) << "what could not be opened does not count";
        file.reset();
        const auto again = must(root->open_read("a"));
        EXPECT_EQ(open.open(), 3u);
        const auto map = must(fs->map(folder / "a", 0, 4));
        EXPECT_EQ(open.open(), 3u) << "a mapping holds no descriptor";
    }
    EXPECT_EQ(open.open(), 0u);
}

TEST(PosixCalls, EveryErrnoHasItsCode) {
    const std::pair<int, Errc> table[] = {
        {EIO, Errc::kIo},
        {ENOSPC, Errc::kStorageFull},
        {EDQUOT, Errc::kStorageFull},
        {EFBIG, Errc::kStorageFull},
        {EACCES, Errc::kAccessDenied},
        {EPERM, Errc::kAccessDenied},
        {EROFS, Errc::kReadOnlyFileSystem},
        {EMFILE, Errc::kTooManyOpenFiles},
        {ENFILE, Errc::kTooManyOpenFiles},
        {ENOMEM, Errc::kOutOfMemory},
        {EXDEV, Errc::kUnsupported},
        {EOPNOTSUPP, Errc::kUnsupported},
        {EINVAL, Errc::kInvalidArgument},
        {ENAMETOOLONG, Errc::kInvalidArgument},
        {ELOOP, Errc::kPathUnsafe},
        {ENXIO, Errc::kFileKind},
        {EBUSY, Errc::kBusy},
        {ETXTBSY, Errc::kBusy},
        {ENOENT, Errc::kFileNotFound},
        {ESTALE, Errc::kIo},
    };
    const TemporaryFolder folder;
    const auto fs = make_posix_file_system();
    const auto file = must(fs->open_write(folder / "f", OpenMode::kCreateNew));
    const FaultScope faults;
    for (const auto& [system_error, code] : table) {
        faults->write_error = system_error;
        const auto result = file->append(as_bytes("x"));
        ASSERT_EQ(code_of(result), code) << system_error;
        const auto* detail = result.error().detail_as<StorageDetail>();
        ASSERT_NE(detail, nullptr);
        EXPECT_EQ(detail->system_error, system_error);
        EXPECT_EQ(detail->operation, "append");
        EXPECT_EQ(detail->path, folder / "f");
        EXPECT_EQ(result.error().input(), folder / "f");
    }
    EXPECT_EQ(file->size(), 0u);
}

TEST(PosixCalls, FullDiskSaysWhatToDo) {
    const TemporaryFolder folder;
    const auto fs = make_posix_file_system();
    const auto file = must(fs->open_write(folder / "f", OpenMode::kCreateNew));
    const FaultScope faults;
    faults->write_error = ENOSPC;
    const auto result = file->append(as_bytes("x"));
    ASSERT_EQ(code_of(result), Errc::kStorageFull);
    EXPECT_EQ(result.error().message(), "append failed: No space left on device");
    EXPECT_NE(result.error().hint().find("free space"), std::string_view::npos);
}

TEST(PosixCalls, FailedSyncIsFinalForItsFile) {
    const TemporaryFolder folder;
    const auto fs = make_posix_file_system();
    const auto file = must(fs->open_write(folder / "f", OpenMode::kCreateNew));
    must(file->append(as_bytes("x")));
    const FaultScope faults;
    faults->sync_error = EIO;
    EXPECT_EQ(code_of(file->sync()), Errc::kSyncFailed);
    faults->sync_error = 0;
    EXPECT_EQ(code_of(file->sync()), Errc::kSyncFailed);
    must(file->append(as_bytes("y")));
    EXPECT_EQ(code_of(file->sync()), Errc::kSyncFailed);
    EXPECT_EQ(faults->data_syncs, 1);  // the kernel is not asked again
    must(must(fs->open_write(folder / "g", OpenMode::kCreateNew))->sync());
}

TEST(PosixCalls, ModeIsSyncedWithTheBytes) {
    const TemporaryFolder folder;
    const auto fs = make_posix_file_system();
    const auto file = must(fs->open_write(folder / "f", OpenMode::kCreateNew));
    const FaultScope faults;
    must(file->sync());
    EXPECT_EQ(faults->syncs, 0);
    must(file->set_mode(0755));
    must(file->sync());
    EXPECT_EQ(faults->syncs, 1);
    must(file->sync());
    EXPECT_EQ(faults->syncs, 1);
    EXPECT_EQ(faults->data_syncs, 2);
}

TEST(PosixCalls, FolderSyncReportsItsError) {
    const TemporaryFolder folder;
    const auto fs = make_posix_file_system();
    const auto root = must(fs->open_directory(folder.path()));
    const FaultScope faults;
    faults->sync_error = EIO;
    EXPECT_EQ(code_of(fs->sync_directory(folder.path())), Errc::kSyncFailed);
    EXPECT_EQ(code_of(root->sync("")), Errc::kSyncFailed);
    faults->sync_error = EINVAL;  // a file system without such a notion
    must(fs->sync_directory(folder.path()));
}

TEST(PosixCalls, FileSystemSyncReportsItsError) {
    const TemporaryFolder folder;
    const auto fs = make_posix_file_system();
    const auto root = must(fs->open_directory(folder.path()));
    const FaultScope faults;
    faults->sync_error = EIO;
    const auto failed = root->sync_file_system();
    ASSERT_EQ(code_of(failed), Errc::kSyncFailed);
    EXPECT_EQ(failed.error().input(), folder.path());
    faults->sync_error = EINVAL;  // no file system is without it: this is an error too
    EXPECT_EQ(code_of(root->sync_file_system()), Errc::kSyncFailed);
    faults->sync_error = 0;
    must(root->sync_file_system());
}

TEST(PosixCalls, AllocateIsOptionalButReportsAFullDisk) {
    const TemporaryFolder folder;
    const auto file =
        must(make_posix_file_system()->open_write(folder / "f", OpenMode::kCreateNew));
    const FaultScope faults;
    faults->allocate_error = EOPNOTSUPP;
    must(file->allocate(0, 4096));
    faults->allocate_error = ENOSPC;
    EXPECT_EQ(code_of(file->allocate(0, 4096)), Errc::kStorageFull);
}

TEST(PosixCalls, CloseReportsItsError) {
    const TemporaryFolder folder;
    const auto fs = make_posix_file_system();
    const auto file = must(fs->open_write(folder / "f", OpenMode::kCreateNew));
    const FaultScope faults;
    faults->close_error = EIO;
    EXPECT_EQ(code_of(file->close()), Errc::kIo);
    EXPECT_EQ(code_of(file->close()), Errc::kFailedPrecondition);
    const auto second = must(fs->open_write(folder / "g", OpenMode::kCreateNew));
    faults->close_error = EINTR;  // closed all the same
    must(second->close());
}

TEST(PosixCalls, OffsetsBeyondTheTypeAreRefused) {
    const TemporaryFolder folder;
    const auto fs = make_posix_file_system();
    const auto file = must(fs->open_write(folder / "f", OpenMode::kCreateNew));
    EXPECT_EQ(code_of(file->write_at(UINT64_MAX, as_bytes("x"))), Errc::kInvalidArgument);
    EXPECT_EQ(code_of(file->truncate(UINT64_MAX)), Errc::kInvalidArgument);
    EXPECT_EQ(code_of(file->allocate(UINT64_MAX, 1)), Errc::kInvalidArgument);
    Bytes out(1);
    EXPECT_EQ(code_of(must(fs->open_read(folder / "f"))->read_at(UINT64_MAX, out)),
              Errc::kInvalidArgument);
}

// Descriptors, masks, odd files.

TEST(PosixFiles, NoDescriptorReachesAnotherProgram) {
    const TemporaryFolder folder;
    const auto fs = make_posix_file_system();
    const auto writer = must(fs->open_write(folder / "f", OpenMode::kCreateNew));
    const auto reader = must(fs->open_read(folder / "f"));
    const auto lock = must(fs->try_lock(folder / "LOCK"));
    const auto root = must(fs->open_directory(folder.path()));
    const auto inner = must(root->create_file("g", 0644));
    const auto inner_reader = must(root->open_read("g"));
    int in_folder = 0;
    for (int fd = 0; fd < 256; ++fd) {
        const std::string name = "/proc/self/fd/" + std::to_string(fd);
        std::array<char, 512> target{};
        if (::readlink(name.c_str(), target.data(), target.size() - 1) < 0) continue;
        if (std::string_view(target.data()).find(folder.path()) != 0) continue;
        ++in_folder;
        EXPECT_NE(::fcntl(fd, F_GETFD) & FD_CLOEXEC, 0) << target.data();
    }
    EXPECT_EQ(in_folder, 6);
}

TEST(PosixFiles, UmaskHoldsForNewFilesAndFolders) {
    const TemporaryFolder folder;
    const auto fs = make_posix_file_system();
    const mode_t before = ::umask(077);
    must(fs->open_write(folder / "f", OpenMode::kCreateNew, 0644));
    must(fs->make_directories(folder / "d"));
    ::umask(before);
    EXPECT_EQ(must(fs->info(folder / "f")).mode, 0600u);
    EXPECT_EQ(must(fs->info(folder / "d")).mode, 0700u);
}

TEST(PosixFiles, PipesAndSocketsAreNoFilesAndDoNotHang) {
    const TemporaryFolder folder;
    const auto fs = make_posix_file_system();
    ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0644), 0);
    const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string socket_path = folder / "socket";
    ASSERT_LT(socket_path.size(), sizeof address.sun_path);
    socket_path.copy(address.sun_path, socket_path.size());
    ASSERT_EQ(::bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    ::close(socket);
    const auto root = must(fs->open_directory(folder.path()));
    for (const std::string name : {"pipe", "socket"}) {
        EXPECT_EQ(code_of(fs->open_read(folder / name)), Errc::kFileKind) << name;
        EXPECT_EQ(code_of(fs->open_write(folder / name, OpenMode::kReadWrite)), Errc::kFileKind);
        EXPECT_EQ(code_of(fs->open_write(folder / name, OpenMode::kTruncate)), Errc::kFileKind);
        EXPECT_EQ(code_of(fs->map(folder / name, 0, 0)), Errc::kFileKind) << name;
        EXPECT_EQ(code_of(fs->try_lock(folder / name)), Errc::kFileKind) << name;
        EXPECT_EQ(code_of(root->open_read(name)), Errc::kFileKind) << name;
        EXPECT_EQ(must(fs->info(folder / name)).kind, FileKind::kOther) << name;
    }
    EXPECT_EQ(must(fs->list(folder.path()))[0].kind, FileKind::kOther);
    must(fs->make_directories(folder / "d"));
    must(fs->rename(folder / "pipe", folder / "d/pipe"));
    must(fs->remove_tree(folder / "d"));
}

TEST(PosixFiles, DevicesAreNoFiles) {
    const auto fs = make_posix_file_system();
    EXPECT_EQ(code_of(fs->open_read("/dev/null")), Errc::kFileKind);
    EXPECT_EQ(code_of(fs->open_write("/dev/null", OpenMode::kReadWrite)), Errc::kFileKind);
}

TEST(PosixFiles, HardLinkToAnotherDeviceIsUnsupported) {
    const TemporaryFolder folder;
    const auto fs = make_posix_file_system();
    must(fs->open_write(folder / "f", OpenMode::kCreateNew));
    const auto here = must(fs->info(folder.path()));
    const auto there = fs->info("/dev/shm");
    if (!there || there->device == here.device) GTEST_SKIP() << "one device only";
    const std::string target = "/dev/shm/catalog-test-" + std::to_string(::getpid());
    EXPECT_EQ(code_of(fs->hard_link(folder / "f", target)), Errc::kUnsupported);
    EXPECT_EQ(code_of(fs->rename(folder / "f", target)), Errc::kUnsupported);
}

TEST(PosixFiles, FileThatIsReadWhileItGrowsIsReadToItsEnd) {
    const auto fs = make_posix_file_system();
    // Files of /proc say that they are empty and are not.
    EXPECT_FALSE(content(*fs, "/proc/self/status").empty());
    EXPECT_EQ(code_of(read_file(*fs, "/proc/self/status", 10)), Errc::kLimitExceeded);
}

TEST(PosixTrees, MovedFolderEndsTheRemovalBeforeItReachesAStranger) {
    const TemporaryFolder folder;
    const auto fs = make_posix_file_system();
    must(fs->make_directories(folder / "tree/inner"));
    must(fs->make_directories(folder / "stranger"));
    must(fs->open_write(folder / "tree/inner/trigger", OpenMode::kCreateNew));
    must(fs->open_write(folder / "stranger/file", OpenMode::kCreateNew));
    const FaultScope faults;
    faults->before_unlink = [&](const std::string& name) {
        if (name != "trigger") return;
        ASSERT_EQ(::rename((folder / "tree/inner").c_str(), (folder / "stranger/inner").c_str()),
                  0);
    };
    EXPECT_EQ(code_of(fs->remove_tree(folder / "tree")), Errc::kPathUnsafe);
    EXPECT_EQ(names_of(must(fs->list(folder / "stranger"))),
              (std::vector<std::string>{"file", "inner"}));
}

TEST(PosixTrees, EntryAddedMeanwhileIsReportedNotRemoved) {
    const TemporaryFolder folder;
    const auto fs = make_posix_file_system();
    must(fs->make_directories(folder / "tree"));
    must(fs->open_write(folder / "tree/trigger", OpenMode::kCreateNew));
    const FaultScope faults;
    faults->before_unlink = [&](const std::string& name) {
        if (name == "trigger") must(fs->open_write(folder / "tree/new", OpenMode::kCreateNew));
    };
    EXPECT_EQ(code_of(fs->remove_tree(folder / "tree")), Errc::kNotEmpty);
    EXPECT_TRUE(must(exists(*fs, folder / "tree/new")));
}

// Locks between processes.

// A child that takes the lock, writes its name into it, and holds it until it is killed.
class Holder {
public:
    explicit Holder(const std::string& path) {
        std::array<int, 2> ready{};
        if (::pipe(ready.data()) != 0) throw std::runtime_error("pipe");
        child_ = ::fork();
        if (child_ == 0) {
            const auto lock = make_posix_file_system()->try_lock(path);
            const bool held =
                lock && (*lock)->set_holder("pid " + std::to_string(::getpid()) + " (holder)");
            const char answer = held ? 'y' : 'n';
            static_cast<void>(!::write(ready[1], &answer, 1));
            for (;;) ::pause();
        }
        char answer = 'n';
        if (::read(ready[0], &answer, 1) != 1 || answer != 'y') answer = 'n';
        ::close(ready[0]);
        ::close(ready[1]);
        held_ = answer == 'y';
    }
    ~Holder() { kill(); }
    Holder(const Holder&) = delete;
    Holder& operator=(const Holder&) = delete;

    bool held() const { return held_; }
    pid_t pid() const { return child_; }
    void kill() {
        if (child_ <= 0) return;
        ::kill(child_, SIGKILL);
        ::waitpid(child_, nullptr, 0);
        child_ = -1;
    }

private:
    pid_t child_ = -1;
    bool held_ = false;
};

TEST(PosixLock, HoldsAgainstAnotherProcessUntilItDies) {
    const TemporaryFolder folder;
    const auto fs = make_posix_file_system();
    Holder holder(folder / "LOCK");
    ASSERT_TRUE(holder.held());
    const auto busy = fs->try_lock(folder / "LOCK");
    ASSERT_EQ(code_of(busy), Errc::kBusy);
    EXPECT_EQ(busy.error().detail_as<BusyDetail>()->holder,
              "pid " + std::to_string(holder.pid()) + " (holder)");
    holder.kill();
    must(fs->try_lock(folder / "LOCK"));
}

TEST(PosixLock, UntrustedHolderTextIsNotPrinted) {
    const TemporaryFolder folder;
    const auto fs = make_posix_file_system();
    const auto lock = must(fs->try_lock(folder / "LOCK"));
    const std::pair<std::string, std::string> cases[] = {
        {"\xff\xfe", ""},
        {"a\x1b[31mb\n", "a [31mb"},
        {std::string(1000, 'x'), std::string(256, 'x')},
        {"\n\n", ""},
    };
    for (const auto& [text, shown] : cases) {
        must(lock->set_holder(text));
        EXPECT_EQ(fs->try_lock(folder / "LOCK").error().detail_as<BusyDetail>()->holder, shown);
    }
}

}  // namespace
}  // namespace catalog::io::testing
