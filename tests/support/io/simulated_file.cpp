// Open files and locks of the simulated machine.

#include <algorithm>
#include <array>

#include "catalog/internal/try.hpp"
#include "support/io/simulated_world.hpp"

namespace catalog::io::testing {

namespace {

using internal::MutexLock;
using WorldPtr = std::shared_ptr<SimulatedWorld>;

constexpr std::uint64_t kFileBytesMax = std::uint64_t{1} << 40;

// Counts itself among the node's handles, so that a removed file keeps its space while it is open.
// Made and destroyed with the world unlocked or locked as `held` says.
class OpenNode {
public:
    OpenNode(WorldPtr world, NodePtr node) : world_(std::move(world)), node_(std::move(node)) {
        ++node_->opens;
    }
    ~OpenNode() {
        const MutexLock lock(world_->mutex);
        --node_->opens;
        node_.reset();
    }
    OpenNode(const OpenNode&) = delete;
    OpenNode& operator=(const OpenNode&) = delete;

    SimulatedWorld& world() const { return *world_; }
    SimulatedNode& node() const { return *node_; }

private:
    WorldPtr world_;
    NodePtr node_;
};

class SimulatedReadableFile final : public ReadableFile {
public:
    SimulatedReadableFile(WorldPtr world, NodePtr node, std::string path)
        : open_(std::move(world), std::move(node)), path_(std::move(path)) {}

    Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> out) const override {
        const MutexLock lock(open_.world().mutex);
        CATALOG_TRY_VOID(open_.world().begin(FileOperation::kRead, path_));
        const std::string& data = open_.node().data;
        if (offset >= data.size()) return std::size_t{0};
        const std::size_t count =
            std::min<std::size_t>(out.size(), data.size() - static_cast<std::size_t>(offset));
        std::copy_n(as_bytes(data).data() + offset, count, out.data());
        return count;
    }

    Result<FileInfo> info() const override {
        const MutexLock lock(open_.world().mutex);
        CATALOG_TRY_VOID(open_.world().begin(FileOperation::kInfo, path_));
        return SimulatedWorld::info_of(open_.node());
    }

private:
    OpenNode open_;
    std::string path_;
};

class SimulatedWritableFile final : public WritableFile {
public:
    SimulatedWritableFile(WorldPtr world, NodePtr node, std::string path)
        : open_(std::make_unique<OpenNode>(std::move(world), std::move(node))),
          path_(std::move(path)),
          size_(open_->node().data.size()) {}

    Result<void> append(ByteView bytes) override {
        return write(FileOperation::kAppend, size_, bytes);
    }

    Result<void> write_at(std::uint64_t offset, ByteView bytes) override {
        return write(FileOperation::kWriteAt, offset, bytes);
    }

    Result<void> truncate(std::uint64_t size) override {
        constexpr auto kOperation = FileOperation::kTruncate;
        CATALOG_TRY_VOID(check_open(kOperation));
        SimulatedWorld& world = open_->world();
        const MutexLock lock(world.mutex);
        CATALOG_TRY(const Ticket ticket,
                    world.begin(kOperation, path_, "to " + std::to_string(size) + " bytes"));
        SimulatedNode& node = open_->node();
        const bool grows = size > node.data.size();
        if (size > kFileBytesMax || (grows && size - node.data.size() > world.free_bytes()))
            return world.end<void>(
                ticket, kOperation, path_,
                fail_file(Errc::kStorageFull, "the simulated disk is full", kOperation, path_));
        world.disk->change_data(node, {DataChange::Kind::kTruncate, size, {}, 0, false});
        size_ = size;
        return world.end<void>(ticket, kOperation, path_, {});
    }

    Result<void> allocate(std::uint64_t offset, std::uint64_t bytes) override {
        constexpr auto kOperation = FileOperation::kAllocate;
        CATALOG_TRY_VOID(check_open(kOperation));
        SimulatedWorld& world = open_->world();
        const MutexLock lock(world.mutex);
        CATALOG_TRY(const Ticket ticket, world.begin(kOperation, path_));
        const std::uint64_t size = open_->node().data.size();
        const std::uint64_t more = offset + bytes > size ? offset + bytes - size : 0;
        if (more > world.free_bytes())
            return world.end<void>(
                ticket, kOperation, path_,
                fail_file(Errc::kStorageFull, "the simulated disk is full", kOperation, path_));
        return world.end<void>(ticket, kOperation, path_, {});
    }

    Result<void> sync() override {
        constexpr auto kOperation = FileOperation::kSync;
        CATALOG_TRY_VOID(check_open(kOperation));
        SimulatedWorld& world = open_->world();
        const MutexLock lock(world.mutex);
        CATALOG_TRY(const Ticket ticket, world.begin(kOperation, path_, {}, true));
        if (ticket.fault) {
            SimulatedDisk::fail_sync(open_->node());
            sync_failed_ = true;
        }
        if (sync_failed_ && !ticket.power_lost)
            return fail_file(Errc::kSyncFailed, "a sync of this file failed", kOperation, path_);
        if (!ticket.power_lost) world.disk->sync_data(open_->node());
        return world.end<void>(ticket, kOperation, path_, {});
    }

    std::uint64_t size() const override { return size_; }

    Result<void> set_mode(std::uint32_t mode) override {
        constexpr auto kOperation = FileOperation::kSetMode;
        CATALOG_TRY_VOID(check_open(kOperation));
        SimulatedWorld& world = open_->world();
        const MutexLock lock(world.mutex);
        CATALOG_TRY(const Ticket ticket, world.begin(kOperation, path_));
        world.disk->change_data(open_->node(),
                                {DataChange::Kind::kMode, 0, {}, mode & 07777, false});
        return world.end<void>(ticket, kOperation, path_, {});
    }

    Result<void> set_modified(std::int64_t modified_ns) override {
        constexpr auto kOperation = FileOperation::kSetModified;
        CATALOG_TRY_VOID(check_open(kOperation));
        SimulatedWorld& world = open_->world();
        const MutexLock lock(world.mutex);
        CATALOG_TRY(const Ticket ticket, world.begin(kOperation, path_));
        world.disk->set_modified(open_->node(), modified_ns);
        return world.end<void>(ticket, kOperation, path_, {});
    }

    Result<void> close() override {
        CATALOG_TRY_VOID(check_open(FileOperation::kClose));
        {
            const MutexLock lock(open_->world().mutex);
            CATALOG_TRY_VOID(open_->world().begin(FileOperation::kClose, path_));
        }
        open_.reset();
        return {};
    }

private:
    Result<void> write(FileOperation operation, std::uint64_t offset, ByteView bytes) {
        CATALOG_TRY_VOID(check_open(operation));
        SimulatedWorld& world = open_->world();
        const MutexLock lock(world.mutex);
        CATALOG_TRY(const Ticket ticket, world.begin(operation, path_,
                                                     "offset " + std::to_string(offset) + ", " +
                                                         std::to_string(bytes.size()) + " bytes",
                                                     true));
        if (offset > kFileBytesMax || bytes.size() > kFileBytesMax)
            return fail_file(Errc::kInvalidArgument, "the range is too large to simulate",
                             operation, path_);
        std::size_t count = bytes.size();
        if (ticket.fault) count = std::min<std::size_t>(count, ticket.fault->bytes_kept);
        SimulatedNode& node = open_->node();
        auto written = world.write_of(node, offset, bytes.first(count), operation, path_);
        if (!bytes.empty())
            size_ =
                std::max(size_, std::min<std::uint64_t>(node.data.size(), offset + bytes.size()));
        if (ticket.fault)
            return fail_file(ticket.fault->error, "simulated fault", operation, path_);
        return world.end<void>(ticket, operation, path_, std::move(written));
    }

    Result<void> check_open(FileOperation operation) const {
        if (open_ != nullptr) return {};
        return fail_file(Errc::kFailedPrecondition, "the file is closed", operation, path_);
    }

    std::unique_ptr<OpenNode> open_;
    std::string path_;
    std::uint64_t size_;
    bool sync_failed_ = false;
};

class SimulatedFileLock final : public FileLock {
public:
    SimulatedFileLock(WorldPtr world, NodePtr node, std::string path)
        : open_(std::move(world), std::move(node)), path_(std::move(path)) {
        open_.node().locked = true;
    }
    ~SimulatedFileLock() override {
        const MutexLock lock(open_.world().mutex);
        open_.node().locked = false;
    }
    SimulatedFileLock(const SimulatedFileLock&) = delete;
    SimulatedFileLock& operator=(const SimulatedFileLock&) = delete;

    Result<void> set_holder(std::string_view holder) override {
        constexpr auto kOperation = FileOperation::kWriteAt;
        SimulatedWorld& world = open_.world();
        const MutexLock lock(world.mutex);
        CATALOG_TRY(const Ticket ticket, world.begin(kOperation, path_, "lock holder"));
        world.disk->change_data(open_.node(), {DataChange::Kind::kTruncate, 0, {}, 0, false});
        return world.end<void>(
            ticket, kOperation, path_,
            world.write_of(open_.node(), 0, as_bytes(holder), kOperation, path_));
    }

private:
    OpenNode open_;
    std::string path_;
};

}  // namespace

std::unique_ptr<ReadableFile> make_simulated_readable(WorldPtr world, NodePtr node,
                                                      std::string path) {
    return std::make_unique<SimulatedReadableFile>(std::move(world), std::move(node),
                                                   std::move(path));
}

std::unique_ptr<WritableFile> make_simulated_writable(WorldPtr world, NodePtr node,
                                                      std::string path) {
    return std::make_unique<SimulatedWritableFile>(std::move(world), std::move(node),
                                                   std::move(path));
}

std::unique_ptr<FileLock> make_simulated_lock(WorldPtr world, NodePtr node, std::string path) {
    return std::make_unique<SimulatedFileLock>(std::move(world), std::move(node), std::move(path));
}

}  // namespace catalog::io::testing
