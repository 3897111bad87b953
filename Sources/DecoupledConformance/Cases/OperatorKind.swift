import CDecoupled

/// The operators of `backend.h` by their numbers there. Cases name them as ONNX does: the Swift name with a capital.
public enum OperatorKind: Int32, CaseIterable, Sendable {
  case conv = 1
  case convTranspose = 2
  case convWeightGradient = 3
  case reduceSum = 4
  case maxPool = 5
  case maxUnpool = 6
  case maxUnpoolGradient = 7
  case averagePool = 8
  case averageUnpool = 9
  case relu = 10
  case reluGradient = 11
  case sigmoid = 12
  case sigmoidGradient = 13
  case softmax = 14
  case softmaxGradient = 15
  case batchNormalization = 16
  case batchNormalizationGradient = 17
  case concat = 18
  case slice = 19
  case mul = 20
  case add = 21
  case gemm = 22
  case dropout = 23
  case resize = 24
  case resizeGradient = 25
  case sigmoidCrossEntropy = 26
  case sigmoidCrossEntropyGradient = 27
  case softmaxCrossEntropy = 28
  case softmaxCrossEntropyGradient = 29
  case gather = 30
  case scale = 31
  case convert = 32

  public var name: String {
    let word = "\(self)"
    return word.prefix(1).uppercased() + word.dropFirst()
  }

  init?(name: some StringProtocol) {
    guard let found = Self.allCases.first(where: { $0.name == name }) else { return nil }
    self = found
  }

  /// Whether a result is a long sum of products, where implementations differ by more than a rounding.
  var isProduct: Bool { [.conv, .convTranspose, .convWeightGradient, .gemm].contains(self) }
}
