#pragma once
// Records of the library for the host's log.

#include <cstdint>
#include <memory>

#include "catalog/abi/services.h"
#include "catalog/core/log_sink.hpp"

namespace catalog::extension {

/// Makes a sink that hands records of at least `least` to the host; one that wants nothing when
/// `service` is null.
[[nodiscard]] std::shared_ptr<LogSink> make_host_log(const hmx_svc_log* service, LogLevel least);

}  // namespace catalog::extension
