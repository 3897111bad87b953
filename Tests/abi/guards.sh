# Guards of the binary interface; read by Tests/abi/run, whose variables and functions it uses.

# --- what the library exports is what the version script and the header name
sed -n 's/^ *\(dcn_[a-z0-9_]*\);.*/\1/p' "$root/Sources/DecoupledABI/exports.map" | sort > "$work/scripted"
check "the version script names exactly the functions of the header" diff "$work/declared" "$work/scripted"
for plugin in "$build"/libdecoupled-backend-*.so; do
  [ -f "$plugin" ] || continue
  check "$(basename "$plugin") exports its entry point and nothing else" sh -c \
    "[ \"\$(nm -D --defined-only '$plugin' | awk '{print \$3}' | sed 's/@.*//' | sort -u)\" = dcn_backend_entry ]"
done

# --- sizes, offsets and values, and the types of all functions, as they were written down
for compiler in gcc clang; do
  command -v $compiler > /dev/null || { say "skip layout.c with $compiler: it is not installed"; continue; }
  check "sizes, offsets and values are those of layout.c with $compiler" $compiler -std=c11 $strict -fsyntax-only "$here/layout.c"
done
if command -v abidiff > /dev/null; then
  check "the headers describe the interface of layout.c and baseline.abi" "$here/freeze" --check
else
  say "skip baseline.abi: abidiff is not installed (package abigail-tools)"
fi

# --- structs of older and newer headers
plugin_flags="-shared -fPIC -fvisibility=hidden -Wl,--no-undefined"
optional='offsetof(dcn_backend_table,preferred_layout)'
required='offsetof(dcn_backend_table,run)'
for table in "old $optional" "new sizeof(dcn_backend_table)+64" "short $required"; do
  set -- $table
  check "sized_plugin.c compiles with a table of $2 bytes" gcc -std=c99 $strict $plugin_flags "-DTABLE_SIZE=($2)" \
    "$here/sized_plugin.c" -o "$work/$1.so"
done
check "sizes.c compiles" gcc -std=c99 $strict "$here/sizes.c" -o "$work/sizes" $link
each sizes "$work/sizes" "$work/dataset" "$work/old.so" "$work/new.so" "$work/short.so"

# --- programs and plugins of every release, compiled against its own headers, with the library of today
for release in "$here"/releases/*/; do
  version=$(basename "$release")
  kept="-std=c99 -Wall -Wextra -pedantic -Werror -I$release/include"
  check "the plugin of $version compiles against its headers" gcc $kept $plugin_flags "$release/plugin.c" -o "$work/kept-$version.so"
  check "the program of $version compiles against its headers" gcc $kept "$release/program.c" -o "$work/kept-$version" $link
  each "the program of $version" "$work/kept-$version" "$work/kept-$version.so" "$work"
done

# --- the example plugins, each with its own Makefile
for example in "$root"/examples/plugin*/; do
  folder=$(basename "$example")
  cp -r "$example" "$work/$folder"
  check "examples/$folder compiles without a warning" make -s -C "$work/$folder" clean all \
    OPTIMISATION='-O2 -Werror -pedantic' PKG_CONFIG_PATH="$PKG_CONFIG_PATH"
  for plugin in "$work/$folder"/*.so; do
    check "$(basename "$plugin") exports its entry point and nothing else" sh -c \
      "[ \"\$(nm -D --defined-only '$plugin' | awk '{print \$3}')\" = dcn_backend_entry ]"
    check "$(basename "$plugin") needs no Swift" sh -c "! ldd '$plugin' | grep -i swift"
  done
done
