import DecoupledCore
import DecoupledNetworks
import Glibc

/// A fuzz target for libFuzzer: the reader named in DECOUPLED_FUZZ_FORMAT on the given bytes. A reader may refuse them with a
/// sentence; crashes, hangs and memory beyond the limit are findings.
enum FormatFuzzer {
  enum Format: String {
    case caffemodel, prototxt, binaryproto, torch, safetensors
  }

  static let format: Format = {
    guard let name = getenv("DECOUPLED_FUZZ_FORMAT"), let format = Format(rawValue: String(cString: name)) else {
      fputs("set DECOUPLED_FUZZ_FORMAT to caffemodel, prototxt, binaryproto, torch or safetensors\n", stderr)
      exit(2)
    }
    return format
  }()

  static let path = "/dev/shm/decoupled-fuzz-\(getpid())"
  static let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)

  static func run(_ bytes: UnsafeRawBufferPointer) {
    ftruncate(descriptor, 0)
    pwrite(descriptor, bytes.baseAddress, bytes.count, 0)
    do {
      switch format {
      case .prototxt:
        let net = try CaffeNet(prototxt: path)
        _ = net.classNames(try net.description())
      case .binaryproto: _ = try CaffeMean.read(path)
      case .caffemodel, .torch, .safetensors:
        let file = try WeightFile(path: path)
        // Values are read too, but for tensors that a sparse description makes larger than the file.
        for tensor in file.tensors where tensor.elementCount <= bytes.count { _ = try tensor.readAll() }
        _ = try WeightImport(
          try WeightImport.network(for: file, description: format == .caffemodel ? nil : "tiny", classes: nil).model,
          file: file)
      }
    } catch let error as EngineError {
      // A refusal is one sentence.
      precondition(!error.message.isEmpty && error.status != .internal, error.message)
    } catch {}
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
