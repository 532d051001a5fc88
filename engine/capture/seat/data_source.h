// DataSource: where a selection's or a drag's bytes come from: a client's source object, or the
// viewer's text. Offers point at it weakly, so that a source may go at any time. Thread rule: the
// display's loop.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/limits.h"
#include "engine/base/unique_fd.h"
#include "engine/capture/seat/transfer.h"

namespace rp {

class DataSource {
 public:
  virtual ~DataSource() = default;
  [[nodiscard]] const std::vector<std::string>& mime_types() const { return mime_types_; }
  [[nodiscard]] bool offers(std::string_view mime_type) const;
  // Asks for the bytes; what is written to `fd` and when is the source's matter.
  virtual void send(const std::string& mime_type, UniqueFd fd) = 0;
  // Another source took its place.
  virtual void cancelled() = 0;
  // The text type the viewer's clipboard would read, or null.
  [[nodiscard]] const std::string* text_type() const;

 protected:
  std::vector<std::string> mime_types_;
};

// The viewer's clipboard.
class TextSource final : public DataSource {
 public:
  TextSource(WriteTransfers& transfers, std::string text);
  void send(const std::string& mime_type, UniqueFd fd) override;
  void cancelled() override {}

 private:
  WriteTransfers& transfers_;
  std::shared_ptr<const std::string> text_;  // transfers under way outlive the selection
};

// Reads the newest of several sources' text; an older one under way is given up.
class TextReader {
 public:
  using Done = std::function<void(std::string text)>;
  TextReader(EventLoop& loop, Done done) : loop_(loop), done_(std::move(done)) {}
  // UTF-8 text within limits::kMaxClipboardBytes reaches `done`; anything else is logged and left.
  void read(DataSource& source);
  void stop() { transfer_.reset(); }

 private:
  void finished(Result<std::string> text);

  EventLoop& loop_;
  Done done_;
  std::unique_ptr<ReadTransfer> transfer_;
};

}  // namespace rp
