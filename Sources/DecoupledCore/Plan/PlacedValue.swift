import CDecoupled

/// A value of a plan and its descriptor, without memory.
struct PlacedValue {
  let id: ValueID
  let tensor: dcn_tensor
}
