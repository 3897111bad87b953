import DecoupledBase
import Glibc

/// A fuzz target for libFuzzer: the data set that `DatasetInput` makes of the given bytes, of the kind named in
/// DECOUPLED_FUZZ_FORMAT. It may be refused with a sentence; crashes, hangs and memory beyond the limit are findings.
enum DatasetFuzzer {
  static let input: DatasetInput = {
    guard let name = getenv("DECOUPLED_FUZZ_FORMAT"), let format = DatasetInput.Format(rawValue: String(cString: name))
    else {
      let known = DatasetInput.Format.allCases.map(\.rawValue).joined(separator: " ")
      fputs("set DECOUPLED_FUZZ_FORMAT to one of \(known)\n", stderr)
      exit(2)
    }
    do { return try DatasetInput(format, folder: "/dev/shm/decoupled-fuzz-\(getpid())") } catch {
      fputs("\(error)\n", stderr)
      exit(2)
    }
  }()

  static func run(_ bytes: UnsafeRawBufferPointer) {
    do { try input.open(bytes) } catch let error as EngineError {
      // A refusal is one sentence.
      precondition(!error.message.isEmpty)
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
@_cdecl("DatasetFuzzer_main")
public func main(_ count: CInt, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> CInt {
  var (count, arguments) = (count, arguments)
  return runFuzzer(&count, &arguments) { bytes, count in
    DatasetFuzzer.run(UnsafeRawBufferPointer(start: bytes, count: count))
    return 0
  }
}
