import DecoupledNetworks
import DecoupledProposals
import DecoupledVision
import Glibc

/// A file of weights, of a forest or of a configuration with given bytes. The fuzz target reads it, and the tests do with the
/// files that fuzzing starts from and those that it found.
struct FormatInput {
  enum Format: String, CaseIterable {
    case caffemodel, prototxt, binaryproto
    /// Both containers of PyTorch; they are apart because each has a corpus of its own.
    case torch, legacy
    case safetensors
    /// Structured forests as safetensors, as OpenCV's YAML and as that compressed by gzip.
    case forest, opencv, gzip
    /// Configurations in YAML.
    case recipe
  }

  let format: Format
  private let path: String
  private let descriptor: Int32

  /// - Parameter path: where the file is made.
  init(_ format: Format, path: String) {
    self.format = format
    self.path = path
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
  }

  /// - Throws: when the bytes are refused.
  func read(_ bytes: UnsafeRawBufferPointer) throws {
    ftruncate(descriptor, 0)
    pwrite(descriptor, bytes.baseAddress, bytes.count, 0)
    switch format {
    case .prototxt:
      let net = try CaffeNet(prototxt: path)
      _ = net.classNames(try net.description())
    case .binaryproto: _ = try CaffeMean.read(path)
    case .caffemodel, .torch, .legacy, .safetensors:
      let file = try WeightFile(path: path)
      // Values are read too, but for tensors that a sparse description makes larger than the file.
      for tensor in file.tensors where tensor.elementCount <= bytes.count { _ = try tensor.readAll() }
      _ = try WeightImport(
        try WeightImport.network(for: file, description: format == .caffemodel ? nil : "tiny", classes: nil).model,
        file: file)
    case .forest, .opencv, .gzip:
      // What reads must also run.
      _ = try StructuredEdgeDetector(try ForestFile.read(path)).edges(
        in: RGBImage(width: 24, height: 20, fill: (1, 2, 3)))
    case .recipe: _ = try Recipe.read(path, overrides: [])
    }
  }
}
