#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace fovea {

/// Answer of a LocalServer to requests for one path.
struct Reply {
  std::string body;
  int status = 200;                                    ///< of a complete body; a part of it goes out as 206
  std::optional<std::string> location = std::nullopt;  ///< where a redirect leads
  bool ranges = true;                         ///< answer a request for the end of the body with that, not with all of it
  bool length = true;                         ///< announce the length; otherwise the end of the connection ends the body
  std::size_t cut_after = std::string::npos;  ///< break off after so many bytes of each answer
  std::optional<std::size_t> hold_after = std::nullopt;  ///< pause after so many bytes, until release()
};

/// A request as it came in.
struct Request {
  std::string path;
  std::string range;  ///< "bytes=10-", or empty

  bool operator==(const Request&) const = default;
};

/// An HTTP server on 127.0.0.1, at a port of the system's choice, that answers one request per connection and one at a time.
class LocalServer {
 public:
  LocalServer();
  ~LocalServer();
  LocalServer(const LocalServer&) = delete;
  LocalServer& operator=(const LocalServer&) = delete;

  /// @param path begins with a slash, or is empty.
  std::string url(const std::string& path = "") const;

  /// Sets the answer for a path; every other one is answered with 404.
  void serve(const std::string& path, Reply reply);

  /// Ends every pause, those to come as well.
  void release();

  /// All requests so far, in the order they came.
  std::vector<Request> requests() const;

  /// The bytes of bodies that the system took so far; up to some megabytes of them may not have reached the client.
  std::size_t bytes_sent() const { return bytes_sent_; }

 private:
  void answer_until_closed();
  void answer(int connection);
  Reply reply_to(const Request& request);
  void send_body(int connection, const Reply& reply, std::size_t start);
  /// False when the client has gone.
  bool send_counted(int connection, std::string_view bytes);

  int listener_ = -1;
  std::uint16_t port_ = 0;
  mutable std::mutex mutex_;
  std::condition_variable released_changed_;
  bool released_ = false;
  std::map<std::string, Reply> replies_;
  std::vector<Request> requests_;
  std::atomic<std::size_t> bytes_sent_ = 0;
  std::thread thread_;
};

}  // namespace fovea
