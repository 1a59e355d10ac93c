#include "support/extension/waiter.hpp"

namespace catalog::extension::testing {

hmx_completion Waiter::completion() { return {&Waiter::done, &Waiter::progress, this}; }

std::vector<Waiter::Done> Waiter::wait(std::size_t count) {
    std::unique_lock lock(mutex_);
    more_.wait(lock, [&] { return done_.size() >= count; });
    return done_;
}

Waiter::Done Waiter::wait_one() {
    std::unique_lock lock(mutex_);
    more_.wait(lock, [&] { return !done_.empty(); });
    Done first = done_.front();
    done_.erase(done_.begin());
    return first;
}

std::size_t Waiter::count() {
    const std::lock_guard lock(mutex_);
    return done_.size();
}

std::size_t Waiter::progress_count() {
    const std::lock_guard lock(mutex_);
    return progress_;
}

void Waiter::done(void* user, hmx_op op, hmx_status status, const void* result,
                  const hmx_error* error) {
    auto* self = static_cast<Waiter*>(user);
    Done done{op, status, {}, {}, std::this_thread::get_id()};
    if (result != nullptr) {
        const auto* buffer = static_cast<const hmx_buf*>(result);
        done.text.assign(reinterpret_cast<const char*>(buffer->data), buffer->size);
    }
    if (error != nullptr) done.message = error->message;
    const std::lock_guard lock(self->mutex_);
    self->done_.push_back(std::move(done));
    self->more_.notify_all();
}

void Waiter::progress(void* user, hmx_op, uint64_t, uint64_t, hmx_str) {
    auto* self = static_cast<Waiter*>(user);
    const std::lock_guard lock(self->mutex_);
    ++self->progress_;
}

}  // namespace catalog::extension::testing
