import DecoupledCore
import Glibc
import Testing

/// Finding and refusing backends.
struct BackendSearchTests {
  private func message(_ wanted: String) -> String {
    do {
      _ = try BackendSearch.open(wanted)
      return ""
    } catch { return "\(error)" }
  }

  @Test func allBackendsAreFound() throws {
    let names = BackendSearch.available().libraries.map(\.info.name)
    #expect(names.first == "reference")
    #expect(names.contains("openblas") && names.contains("cpu"))
    let best = BackendSearch.available().libraries.map(\.info).max { $0.score < $1.score }
    #expect(try BackendSearch.open().info.name == best?.name)
    #expect(try BackendSearch.open("reference").info.path == nil)
  }

  @Test func missingBackendsAreExplained() {
    #expect(message("nonsense").contains("no backend named 'nonsense'"))
    #expect(message("/nowhere/x.so").contains("/nowhere/x.so"))
    #expect(message("/tmp/").contains("not a file"))
  }

  @Test func foreignFilesAreRefused() throws {
    let path = "/tmp/decoupled-test-\(getpid())-not-a-library.so"
    let file = try #require(fopen(path, "w"))
    fputs("this is no shared object", file)
    fclose(file)
    defer { unlink(path) }
    #expect(message(path).contains("cannot be loaded"))
    // A shared object that is no backend.
    let library = BackendSearch.available().libraries.compactMap(\.info.path).first
    #expect(library != nil)
    #expect(message("/lib/x86_64-linux-gnu/libm.so.6").contains("does not export"))
  }
}
