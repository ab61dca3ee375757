// Inspects a picture file through P/Invoke.
//
//   Inspect LIBONNXRUNTIME BUNDLE PICTURE

using System;
using System.Globalization;
using System.IO;
using System.Runtime.InteropServices;
using System.Text;

static class Cfa
{
    const string Library = "libcfa.so.1";
    const uint AbiVersion = 1 << 16;

    [StructLayout(LayoutKind.Sequential)]
    struct Str
    {
        public IntPtr Data;
        public UIntPtr Len;
    }

    [StructLayout(LayoutKind.Sequential)]
    struct Error
    {
        public uint StructSize;
        public int Status;
        public uint MessageLen;
        [MarshalAs(UnmanagedType.ByValArray, SizeConst = 1024)] public byte[] Message;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct Verdict
    {
        public uint StructSize, Decision, WidthPx, HeightPx;
        public float Score;
        public uint Remarks;
        public double PValue, PeakXPx, PeakYPx;
        public ulong DecodeNs, PreprocessNs, NetworkNs, NeighborsNs, MapNs;
    }

    [DllImport(Library)] static extern int cfa_abi_check(uint version, ref Error err);
    [DllImport(Library)] static extern int cfa_options_new(out IntPtr options, ref Error err);
    [DllImport(Library)] static extern int cfa_options_set(IntPtr options, Str key, Str value, ref Error err);
    [DllImport(Library)] static extern void cfa_options_free(IntPtr options);
    [DllImport(Library)] static extern int cfa_model_open(Str path, IntPtr options, out IntPtr model, ref Error err);
    [DllImport(Library)] static extern void cfa_model_free(IntPtr model);
    [DllImport(Library)] static extern int cfa_session_new(IntPtr model, IntPtr options, out IntPtr session, ref Error err);
    [DllImport(Library)] static extern void cfa_session_free(IntPtr session);
    [DllImport(Library)]
    static extern int cfa_session_score_encoded(IntPtr session, byte[] data, UIntPtr len,
                                                ref Verdict verdict, IntPtr map, ref Error err);

    delegate int Call(ref Error err);

    static void Check(Call call)
    {
        var err = new Error { StructSize = (uint)Marshal.SizeOf<Error>(), Message = new byte[1024] };
        if (call(ref err) != 0)
            throw new InvalidOperationException(
                err.Status + ": " + Encoding.UTF8.GetString(err.Message, 0, (int)err.MessageLen));
    }

    // Hands a text over for the time of the call.
    static void With(string text, Action<Str> use)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var pinned = GCHandle.Alloc(bytes, GCHandleType.Pinned);
        try { use(new Str { Data = pinned.AddrOfPinnedObject(), Len = (UIntPtr)bytes.Length }); }
        finally { pinned.Free(); }
    }

    static Verdict Inspect(string onnxruntime, string bundle, byte[] picture)
    {
        IntPtr options = IntPtr.Zero, model = IntPtr.Zero, session = IntPtr.Zero;
        var verdict = new Verdict { StructSize = (uint)Marshal.SizeOf<Verdict>() };
        try
        {
            Check((ref Error e) => cfa_abi_check(AbiVersion, ref e));
            Check((ref Error e) => cfa_options_new(out options, ref e));
            With("onnxruntime", key => With(onnxruntime, value =>
                Check((ref Error e) => cfa_options_set(options, key, value, ref e))));
            With(bundle, path =>
                Check((ref Error e) => cfa_model_open(path, options, out model, ref e)));
            Check((ref Error e) => cfa_session_new(model, options, out session, ref e));
            Check((ref Error e) => cfa_session_score_encoded(
                session, picture, (UIntPtr)picture.Length, ref verdict, IntPtr.Zero, ref e));
            return verdict;
        }
        finally
        {
            cfa_session_free(session);
            cfa_model_free(model);
            cfa_options_free(options);
        }
    }

    static void Main(string[] args)
    {
        var verdict = Inspect(args[0], args[1], File.ReadAllBytes(args[2]));
        var invariant = CultureInfo.InvariantCulture;
        Console.WriteLine("score " + verdict.Score.ToString("G9", invariant));
        Console.WriteLine("peak " + verdict.PeakXPx.ToString("G17", invariant) + " "
                          + verdict.PeakYPx.ToString("G17", invariant));
    }
}
