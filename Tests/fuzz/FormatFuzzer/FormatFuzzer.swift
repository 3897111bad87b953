import DecoupledBase
import Glibc

/// A fuzz target for libFuzzer: the reader named in DECOUPLED_FUZZ_FORMAT on the given bytes. A reader may refuse them with a
/// sentence; crashes, hangs and memory beyond the limit are findings.
enum FormatFuzzer {
  static let input: FormatInput = {
    guard let name = getenv("DECOUPLED_FUZZ_FORMAT"), let format = FormatInput.Format(rawValue: String(cString: name))
    else {
      let known = FormatInput.Format.allCases.map(\.rawValue).joined(separator: " ")
      fputs("set DECOUPLED_FUZZ_FORMAT to one of \(known)\n", stderr)
      exit(2)
    }
    return FormatInput(format, path: "/dev/shm/decoupled-fuzz-\(getpid())")
  }()

  static func run(_ bytes: UnsafeRawBufferPointer) {
    do { try input.read(bytes) } catch let error as EngineError {
      // A refusal is one sentence.
      precondition(!error.message.isEmpty && error.status != .internal, error.message)
    } catch {
      preconditionFailure("\(error)")
    }
  }
}

@_silgen_name("LLVMFuzzerRunDriver")
private func runFuzzer(
  _ count: UnsafeMutablePointer<CInt>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
  _ target: @convention(c) (UnsafePointer<UInt8>, Int) -> CInt
) -> CInt

/// The package manager calls the program's main function by this name, so libFuzzer's own is not used.
@_cdecl("FormatFuzzer_main")
public func main(_ count: CInt, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> CInt {
  var (count, arguments) = (count, arguments)
  return runFuzzer(&count, &arguments) { bytes, count in
    FormatFuzzer.run(UnsafeRawBufferPointer(start: bytes, count: count))
    return 0
  }
}
